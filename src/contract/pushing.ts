/** Scheduled pushes: templates, jobs, their dispatches. All slots are fixed local times; there is no every-N-minutes. */
import { v, type Infer } from "convex/values";
import { vProviderConfig } from "./providers.js";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";

/** `time` is "HH:mm" in the job's own time zone. */
const vDailySlot = lazy(() => v.object({ kind: v.literal("daily"), time: v.string() }));
/** `weekday` 1..7, 1 = Monday. */
const vWeeklySlot = lazy(() =>
  v.object({ kind: v.literal("weekly"), weekday: v.number(), time: v.string() }),
);
/** `dayOfMonth` 1..31 or "last"; a day that the month does not have means its last one. */
const vMonthlySlot = lazy(() =>
  v.object({
    kind: v.literal("monthly"),
    dayOfMonth: v.union(v.number(), v.literal("last")),
    time: v.string(),
  }),
);
export const vSlot = lazy(() => v.union(vDailySlot, vWeeklySlot, vMonthlySlot));
export const vSchedule = lazy(() =>
  v.union(v.object({ kind: v.literal("manual") }), vDailySlot, vWeeklySlot, vMonthlySlot),
);
export const vPeriodicity = lazy(() => oneOf("manual", "daily", "weekly", "monthly"));
/** What happens to slots that passed while nothing ran: one run for all of them, or none. */
export const vMissedRunPolicy = lazy(() => oneOf("run_once", "skip"));
export type Slot = Infer<typeof vSlot>;
export type Schedule = Infer<typeof vSchedule>;
export type Periodicity = Infer<typeof vPeriodicity>;

/** What whoever makes a template says of it. */
export const templateText = lazy(() => ({
  companyId: v.string(),
  templateKey: v.string(),
  title: v.string(),
  text: v.string(),
}));
/** As it is kept, and shown. */
export const templateFields = lazy(() => ({
  ...templateText,
  enabled: v.boolean(),
  createdBy: v.string(),
  updatedBy: v.string(),
  createdAt: v.number(),
  updatedAt: v.number(),
}));
export const suggestion = lazy(() => ({ periodicity: vPeriodicity, suggestedTimes: v.array(vSlot) }));
const vPushTemplateView = lazy(() => v.object({ _id: v.string(), ...templateFields, ...suggestion }));
/** What every job has, as it is kept and shown. */
export const jobFields = lazy(() => ({
  companyId: v.string(),
  consumerUserId: v.string(),
  title: v.string(),
  text: v.string(),
  periodicity: vPeriodicity,
  timezone: v.string(),
  schedule: vSchedule,
  enabled: v.boolean(),
  missedRunPolicy: vMissedRunPolicy,
  createdAt: v.number(),
  updatedAt: v.number(),
}));
const vPushJobView = lazy(() =>
  v.object({
    _id: v.string(),
    ...jobFields,
    agentKey: orNull.string,
    sourceTemplateId: orNull.string,
    nextRunAt: orNull.number,
    lastRunAt: orNull.number,
    lastRunKey: orNull.string,
  }),
);
export const vDispatchStatus = lazy(() => oneOf("enqueued", "skipped", "failed"));
const vDispatchView = lazy(() =>
  v.object({
    _id: v.string(),
    jobId: v.string(),
    runKey: v.string(),
    status: vDispatchStatus,
    scheduledFor: v.number(),
    createdAt: v.number(),
    error: orNull.string,
  }),
);

/** Longest list; `before` is the last one's `updatedAt` (of dispatches `createdAt`) of the page seen. */
const page = lazy(() => ({ limit: opt.number, before: opt.number }));

/** A text that a company's jobs can be made from; returns its id. Throws `push_template_exists`, `push_schedule_invalid`. */
export const createPushTemplate = mutation("pushing", { for: "admin" })(() => ({
  args: { ...templateText, ...suggestion, enabled: opt.boolean, actorUserId: v.string() },
  returns: v.string(),
}));
/** false when there is no such template. What is left out stays; jobs made from it stay as they are. */
export const updatePushTemplate = mutation("pushing", { for: "admin" })(() => ({
  args: {
    templateId: v.string(),
    title: opt.string,
    text: opt.string,
    periodicity: v.optional(vPeriodicity),
    suggestedTimes: v.optional(v.array(vSlot)),
    enabled: opt.boolean,
    actorUserId: v.string(),
  },
  returns: v.boolean(),
}));
/** Jobs made from it stay. */
export const deletePushTemplate = mutation("pushing", { for: "admin" })(() => ({
  args: { templateId: v.string() },
  returns: v.boolean(),
}));
/** Newest update first. */
export const listPushTemplatesByCompany = query("pushing", { for: "read" })(() => ({
  args: { companyId: v.string(), includeDisabled: opt.boolean, ...page },
  returns: v.array(vPushTemplateView),
}));

const forUser = lazy(() => ({
  companyId: v.string(),
  consumerUserId: v.string(),
  timezone: v.string(),
  enabled: opt.boolean,
  missedRunPolicy: v.optional(vMissedRunPolicy),
}));
const fromTemplate = lazy(() => ({ ...forUser, templateId: v.string(), schedule: v.optional(vSchedule) }));
const custom = lazy(() => ({
  ...forUser,
  title: v.string(),
  text: v.string(),
  periodicity: vPeriodicity,
  schedule: vSchedule,
}));
const jobChanges = lazy(() => ({
  title: opt.string,
  text: opt.string,
  periodicity: v.optional(vPeriodicity),
  timezone: opt.string,
  schedule: v.optional(vSchedule),
  enabled: opt.boolean,
  missedRunPolicy: v.optional(vMissedRunPolicy),
}));
const userAgent = lazy(() => ({ consumerUserId: v.string(), agentKey: v.string() }));

/**
 * A job for a user with the text of a template, which is copied; returns its id. Throws `push_timezone_invalid`,
 * `push_template_not_found`, `push_template_mismatch`, `push_schedule_invalid`.
 * - `schedule`: Default: the first time that the template suggests.
 */
export const createPushJobFromTemplate = mutation("pushing", { for: "write" })(() => ({
  args: fromTemplate,
  returns: v.string(),
}));
/**
 * A job for a user with a text of its own; returns its id. Throws `push_timezone_invalid`, `push_schedule_invalid`,
 * `text_too_large`.
 */
export const createPushJobCustom = mutation("pushing", { for: "write" })(() => ({
  args: custom,
  returns: v.string(),
}));
/** false when there is no such job. The next run is reckoned from now. */
export const updatePushJob = mutation("pushing", { for: "write" })(() => ({
  args: { jobId: v.string(), ...jobChanges },
  returns: v.boolean(),
}));
/** false when there is no such job. */
export const deletePushJob = mutation("pushing", { for: "write" })(() => ({
  args: { jobId: v.string() },
  returns: v.boolean(),
}));
/** false when there is no such job. A disabled job has no next run. */
export const setPushJobEnabled = mutation("pushing", { for: "write" })(() => ({
  args: { jobId: v.string(), enabled: v.boolean() },
  returns: v.boolean(),
}));
/** Newest update first. */
export const listPushJobsForUser = query("pushing", { for: "read" })(() => ({
  args: { consumerUserId: v.string(), includeDisabled: opt.boolean, ...page },
  returns: v.array(vPushJobView),
}));

const vTriggered = lazy(() => v.object({ enqueuedMessageId: v.string(), runKey: v.string() }));
/** Works for disabled jobs too; the schedule is not touched. */
export const triggerPushJobNow = mutation("pushing", { for: "write", fill: ["providerConfig"] })(() => ({
  args: { jobId: v.string(), providerConfig: v.optional(vProviderConfig) },
  returns: vTriggered,
}));
/**
 * Runs what is due and not yet run. Jobs wake by themselves at their own minute, so this is the net. Works off one batch
 * in this call, which it counts; a larger `limit` (1..1000, default 200) goes on by itself afterwards.
 */
export const dispatchDuePushJobs = mutation("pushing", {
  for: "system",
  hostOnly: ["providerConfig"],
  fill: ["providerConfig"],
})(() => ({
  args: { limit: opt.number, providerConfig: v.optional(vProviderConfig) },
  returns: v.object({
    scanned: v.number(),
    enqueued: v.number(),
    skipped: v.number(),
    failed: v.number(),
  }),
}));
/** Newest run first. */
export const listPushDispatchesByJob = query("pushing", { for: "read" })(() => ({
  args: { jobId: v.string(), ...page },
  returns: v.array(vDispatchView.omit("jobId")),
}));

// The same for one agent of a user.
/** Newest update first. */
export const listPushJobsForAgent = query("pushing", { for: "read" })(() => ({
  args: { ...userAgent, includeDisabled: opt.boolean, ...page },
  returns: v.array(vPushJobView),
}));
/** As `createPushJobFromTemplate`, for one agent of the user. */
export const createPushJobFromTemplateForAgent = mutation("pushing", { for: "write" })(() => ({
  args: { ...fromTemplate, agentKey: v.string() },
  returns: v.string(),
}));
/** As `createPushJobCustom`, for one agent of the user. */
export const createPushJobCustomForAgent = mutation("pushing", { for: "write" })(() => ({
  args: { ...custom, agentKey: v.string() },
  returns: v.string(),
}));
/** false when the job is not that user's and agent's. */
export const updatePushJobForAgent = mutation("pushing", { for: "write" })(() => ({
  args: { ...userAgent, jobId: v.string(), ...jobChanges },
  returns: v.boolean(),
}));
/** As `triggerPushJobNow`, of a job of that user and agent. */
export const triggerPushJobNowForAgent = mutation("pushing", { for: "write", fill: ["providerConfig"] })(
  () => ({
    args: { ...userAgent, jobId: v.string(), providerConfig: v.optional(vProviderConfig) },
    returns: vTriggered,
  }),
);
/** Across the jobs of that user and agent, newest first. */
export const listPushDispatchesForAgent = query("pushing", { for: "read" })(() => ({
  args: { ...userAgent, ...page },
  returns: v.array(vDispatchView),
}));
