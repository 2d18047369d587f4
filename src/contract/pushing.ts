/** Scheduled pushes: templates, jobs, their dispatches. All slots are fixed local times; there is no every-N-minutes. */
import { v, type Infer } from "convex/values";
import { vProviderConfig } from "./providers.js";
import { defineRow, lazy, orNull } from "./row.js";

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
export const vPeriodicity = lazy(() =>
  v.union(v.literal("manual"), v.literal("daily"), v.literal("weekly"), v.literal("monthly")),
);
/** What happens to slots that passed while nothing ran: one run for all of them, or none. */
export const vMissedRunPolicy = lazy(() => v.union(v.literal("run_once"), v.literal("skip")));
export type Slot = Infer<typeof vSlot>;
export type Schedule = Infer<typeof vSchedule>;
export type Periodicity = Infer<typeof vPeriodicity>;

const vPushTemplateView = lazy(() =>
  v.object({
    _id: v.string(),
    companyId: v.string(),
    templateKey: v.string(),
    title: v.string(),
    text: v.string(),
    periodicity: vPeriodicity,
    suggestedTimes: v.array(vSlot),
    enabled: v.boolean(),
    createdBy: v.string(),
    updatedBy: v.string(),
    createdAt: v.number(),
    updatedAt: v.number(),
  }),
);
const vPushJobView = lazy(() =>
  v.object({
    _id: v.string(),
    companyId: v.string(),
    consumerUserId: v.string(),
    agentKey: orNull.string,
    sourceTemplateId: orNull.string,
    title: v.string(),
    text: v.string(),
    periodicity: vPeriodicity,
    timezone: v.string(),
    schedule: vSchedule,
    enabled: v.boolean(),
    missedRunPolicy: vMissedRunPolicy,
    nextRunAt: orNull.number,
    lastRunAt: orNull.number,
    lastRunKey: orNull.string,
    createdAt: v.number(),
    updatedAt: v.number(),
  }),
);
export const vDispatchStatus = lazy(() =>
  v.union(v.literal("enqueued"), v.literal("skipped"), v.literal("failed")),
);
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
const page = lazy(() => ({ limit: v.optional(v.number()), before: v.optional(v.number()) }));

export const createPushTemplate = defineRow(() => ({
  args: {
    companyId: v.string(),
    templateKey: v.string(),
    title: v.string(),
    text: v.string(),
    periodicity: vPeriodicity,
    suggestedTimes: v.array(vSlot),
    enabled: v.optional(v.boolean()),
    actorUserId: v.string(),
  },
  returns: v.string(),
}));
export const updatePushTemplate = defineRow(() => ({
  args: {
    templateId: v.string(),
    title: v.optional(v.string()),
    text: v.optional(v.string()),
    periodicity: v.optional(vPeriodicity),
    suggestedTimes: v.optional(v.array(vSlot)),
    enabled: v.optional(v.boolean()),
    actorUserId: v.string(),
  },
  returns: v.boolean(),
}));
/** Jobs made from it stay. */
export const deletePushTemplate = defineRow(() => ({
  args: { templateId: v.string() },
  returns: v.boolean(),
}));
/** Newest update first. */
export const listPushTemplatesByCompany = defineRow(() => ({
  args: { companyId: v.string(), includeDisabled: v.optional(v.boolean()), ...page },
  returns: v.array(vPushTemplateView),
}));

const fromTemplate = lazy(() => ({
  companyId: v.string(),
  consumerUserId: v.string(),
  templateId: v.string(),
  timezone: v.string(),
  schedule: v.optional(vSchedule),
  enabled: v.optional(v.boolean()),
  missedRunPolicy: v.optional(vMissedRunPolicy),
}));
const custom = lazy(() => ({
  companyId: v.string(),
  consumerUserId: v.string(),
  title: v.string(),
  text: v.string(),
  periodicity: vPeriodicity,
  timezone: v.string(),
  schedule: vSchedule,
  enabled: v.optional(v.boolean()),
  missedRunPolicy: v.optional(vMissedRunPolicy),
}));
const jobChanges = lazy(() => ({
  title: v.optional(v.string()),
  text: v.optional(v.string()),
  periodicity: v.optional(vPeriodicity),
  timezone: v.optional(v.string()),
  schedule: v.optional(vSchedule),
  enabled: v.optional(v.boolean()),
  missedRunPolicy: v.optional(vMissedRunPolicy),
}));
const userAgent = lazy(() => ({ consumerUserId: v.string(), agentKey: v.string() }));

export const createPushJobFromTemplate = defineRow(() => ({ args: fromTemplate, returns: v.string() }));
export const createPushJobCustom = defineRow(() => ({ args: custom, returns: v.string() }));
/** false when there is no such job. The next run is reckoned from now. */
export const updatePushJob = defineRow(() => ({
  args: { jobId: v.string(), ...jobChanges },
  returns: v.boolean(),
}));
export const deletePushJob = defineRow(() => ({ args: { jobId: v.string() }, returns: v.boolean() }));
export const setPushJobEnabled = defineRow(() => ({
  args: { jobId: v.string(), enabled: v.boolean() },
  returns: v.boolean(),
}));
/** Newest update first. */
export const listPushJobsForUser = defineRow(() => ({
  args: { consumerUserId: v.string(), includeDisabled: v.optional(v.boolean()), ...page },
  returns: v.array(vPushJobView),
}));

const vTriggered = lazy(() => v.object({ enqueuedMessageId: v.string(), runKey: v.string() }));
/** Works for disabled jobs too; the schedule is not touched. */
export const triggerPushJobNow = defineRow(() => ({
  args: { jobId: v.string(), providerConfig: v.optional(vProviderConfig) },
  returns: vTriggered,
}));
/**
 * Runs what is due and not yet run. Jobs wake by themselves at their own minute, so this is the net. Works off one batch
 * in this call, which it counts; a larger `limit` (1..1000, default 200) goes on by itself afterwards.
 */
export const dispatchDuePushJobs = defineRow(() => ({
  args: { limit: v.optional(v.number()), providerConfig: v.optional(vProviderConfig) },
  returns: v.object({
    scanned: v.number(),
    enqueued: v.number(),
    skipped: v.number(),
    failed: v.number(),
  }),
}));
/** Newest run first. */
export const listPushDispatchesByJob = defineRow(() => ({
  args: { jobId: v.string(), ...page },
  returns: v.array(vDispatchView.omit("jobId")),
}));

// The same for one agent of a user.
export const listPushJobsForAgent = defineRow(() => ({
  args: { ...userAgent, includeDisabled: v.optional(v.boolean()), ...page },
  returns: v.array(vPushJobView),
}));
export const createPushJobFromTemplateForAgent = defineRow(() => ({
  args: { ...fromTemplate, agentKey: v.string() },
  returns: v.string(),
}));
export const createPushJobCustomForAgent = defineRow(() => ({
  args: { ...custom, agentKey: v.string() },
  returns: v.string(),
}));
/** false when the job is not that user's and agent's. */
export const updatePushJobForAgent = defineRow(() => ({
  args: { ...userAgent, jobId: v.string(), ...jobChanges },
  returns: v.boolean(),
}));
export const triggerPushJobNowForAgent = defineRow(() => ({
  args: { ...userAgent, jobId: v.string(), providerConfig: v.optional(vProviderConfig) },
  returns: vTriggered,
}));
/** Across the jobs of that user and agent, newest first. */
export const listPushDispatchesForAgent = defineRow(() => ({
  args: { ...userAgent, ...page },
  returns: v.array(vDispatchView),
}));
