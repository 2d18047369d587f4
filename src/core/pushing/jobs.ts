/** Push jobs of a user: make, change, list. Writes `messagePushJobs` and the slots' timers. */
import type { ObjectType } from "convex/values";
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/pushing.js";
import { asMutation, asQuery } from "../functions.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { clampLimit, pageOf } from "../bounds/bounded.js";
import { checkTexts, findGiven, given } from "../bounds/texts.js";
import { checkedSchedule, checkedTimezone, scheduleNext } from "./jobFields.js";
import { currentAgentKey } from "./target.js";
import { activeBinding } from "../identity/bindings.js";
import { dispatchView } from "./dispatches.js";
import { triggerJob } from "./run.js";

const MAX_LIST = 500;

export const createPushJobFromTemplate = asMutation(contract.createPushJobFromTemplate)(async (ctx, args) =>
  createFromTemplate(ctx, args, await currentAgentKey(ctx, args.consumerUserId)),
);

export const createPushJobCustom = asMutation(contract.createPushJobCustom)(async (ctx, args) =>
  createCustom(ctx, args, await currentAgentKey(ctx, args.consumerUserId)),
);

/**
 * Throws `push_timezone_invalid`, `push_template_not_found`, `push_template_mismatch`, `push_schedule_invalid`. Whether the
 * template is enabled does not matter: that only hides it from lists.
 */
async function createFromTemplate(
  ctx: MutationCtx,
  args: ObjectType<typeof contract.createPushJobFromTemplate.args>,
  agentKey: string | undefined,
): Promise<Id<"messagePushJobs">> {
  const timezone = checkedTimezone(args.timezone);
  const template = await findGiven(ctx, "messagePushTemplates", args.templateId);
  if (!template) throw factoryError("push_template_not_found", "Template not found");
  if (template.companyId !== args.companyId) {
    throw factoryError("push_template_mismatch", "Template company mismatch");
  }
  const { title, text, periodicity } = template;
  const schedule =
    periodicity === "manual" ? ({ kind: "manual" } as const) : (args.schedule ?? template.suggestedTimes[0]);
  if (schedule === undefined) {
    throw factoryError("push_schedule_invalid", "Schedule is required for non-manual template");
  }
  return await insertJob(ctx, {
    companyId: args.companyId,
    consumerUserId: args.consumerUserId,
    agentKey,
    sourceTemplateId: template._id,
    title,
    text,
    periodicity,
    timezone,
    schedule: checkedSchedule(periodicity, schedule),
    enabled: args.enabled ?? true,
    missedRunPolicy: args.missedRunPolicy ?? "run_once",
  });
}

/** Throws `push_timezone_invalid`, `push_schedule_invalid`, `invalid_argument`, `text_too_large`. */
async function createCustom(
  ctx: MutationCtx,
  args: ObjectType<typeof contract.createPushJobCustom.args>,
  agentKey: string | undefined,
): Promise<Id<"messagePushJobs">> {
  const { companyId, consumerUserId, title, text, periodicity } = args;
  const timezone = checkedTimezone(args.timezone);
  const schedule = checkedSchedule(periodicity, args.schedule);
  await checkTexts(ctx, { companyId, title, text });
  return await insertJob(ctx, {
    companyId,
    consumerUserId,
    agentKey,
    title,
    text,
    periodicity,
    timezone,
    schedule,
    enabled: args.enabled ?? true,
    missedRunPolicy: args.missedRunPolicy ?? "run_once",
  });
}

async function insertJob(
  ctx: MutationCtx,
  job: Omit<Doc<"messagePushJobs">, "_id" | "_creationTime" | "createdAt" | "updatedAt" | "nextRunAt">,
): Promise<Id<"messagePushJobs">> {
  if (job.consumerUserId.trim() === "")
    throw factoryError("invalid_argument", "consumerUserId must not be blank");
  const now = Date.now();
  const nextRunAt = await scheduleNext(ctx, job);
  return await ctx.db.insert("messagePushJobs", { ...job, nextRunAt, createdAt: now, updatedAt: now });
}

export const updatePushJob = asMutation(contract.updatePushJob)(async (ctx, { jobId, ...changes }) => {
  const job = await findGiven(ctx, "messagePushJobs", jobId);
  if (!job) return false;
  await changeJob(ctx, job, changes);
  return true;
});

/** Lays the changes over the job and reckons its next run from now. Throws as `createCustom`. */
async function changeJob(
  ctx: MutationCtx,
  job: Doc<"messagePushJobs">,
  changes: Omit<ObjectType<typeof contract.updatePushJob.args>, "jobId">,
): Promise<void> {
  await checkTexts(ctx, { title: changes.title, text: changes.text });
  const periodicity = changes.periodicity ?? job.periodicity;
  const next = {
    ...given(changes),
    enabled: changes.enabled ?? job.enabled,
    periodicity,
    timezone: changes.timezone === undefined ? job.timezone : checkedTimezone(changes.timezone),
    schedule: checkedSchedule(
      periodicity,
      changes.schedule ?? (periodicity === "manual" ? { kind: "manual" } : job.schedule),
    ),
  };
  const nextRunAt = await scheduleNext(ctx, next);
  await ctx.db.patch(job._id, { ...next, nextRunAt, updatedAt: Date.now() });
}

/** Its dispatches stay until they are swept. */
export const deletePushJob = asMutation(contract.deletePushJob)(async (ctx, { jobId }) => {
  const job = await findGiven(ctx, "messagePushJobs", jobId);
  if (job) await ctx.db.delete(job._id);
  return job !== null;
});

export const setPushJobEnabled = asMutation(contract.setPushJobEnabled)(async (ctx, { jobId, enabled }) => {
  const job = await findGiven(ctx, "messagePushJobs", jobId);
  if (job) await changeJob(ctx, job, { enabled });
  return job !== null;
});

export const listPushJobsForUser = asQuery(contract.listPushJobsForUser)(async (
  ctx,
  { consumerUserId, includeDisabled = true, limit, before = Infinity },
) => {
  const jobs = ctx.db.query("messagePushJobs");
  const rows = includeDisabled
    ? jobs.withIndex("by_user", (q) => q.eq("consumerUserId", consumerUserId).lt("updatedAt", before))
    : jobs.withIndex("by_user_and_enabled", (q) =>
        q.eq("consumerUserId", consumerUserId).eq("enabled", true).lt("updatedAt", before),
      );
  return (await pageOf(rows.order("desc"), clampLimit(limit, 200, MAX_LIST))).map(jobView);
});

function jobView({ _creationTime: _, ...job }: Doc<"messagePushJobs">) {
  return {
    ...job,
    agentKey: job.agentKey ?? null,
    sourceTemplateId: job.sourceTemplateId ?? null,
    nextRunAt: job.nextRunAt ?? null,
    lastRunAt: job.lastRunAt ?? null,
    lastRunKey: job.lastRunKey ?? null,
  };
}

export const triggerPushJobNow = asMutation(contract.triggerPushJobNow)(async (
  ctx,
  { jobId, providerConfig },
) => {
  const job = await findGiven(ctx, "messagePushJobs", jobId);
  if (!job) throw factoryError("push_job_not_found", "Push job not found");
  return await triggerJob(ctx, job, providerConfig);
});

// As seen from one agent of one user: what is not that user's and agent's does not exist here.
type UserAgent = { consumerUserId: string; agentKey: string };

export const createPushJobFromTemplateForAgent = asMutation(contract.createPushJobFromTemplateForAgent)(
  async (ctx, { agentKey, ...args }) =>
    createFromTemplate(ctx, args, await currentOnly(ctx, args.consumerUserId, agentKey)),
);

export const createPushJobCustomForAgent = asMutation(contract.createPushJobCustomForAgent)(
  async (ctx, { agentKey, ...args }) =>
    createCustom(ctx, args, await currentOnly(ctx, args.consumerUserId, agentKey)),
);

export const updatePushJobForAgent = asMutation(contract.updatePushJobForAgent)(async (
  ctx,
  { consumerUserId, agentKey, jobId, ...changes },
) => {
  const job = await findOwn(ctx, { consumerUserId, agentKey, jobId });
  if (job) await changeJob(ctx, job, changes);
  return job !== null;
});

export const triggerPushJobNowForAgent = asMutation(contract.triggerPushJobNowForAgent)(async (ctx, args) => {
  const job = await findOwn(ctx, args);
  if (!job) throw factoryError("push_job_not_found", "Push job not found for agent");
  return await triggerJob(ctx, job, args.providerConfig);
});

export const listPushJobsForAgent = asQuery(contract.listPushJobsForAgent)(async (
  ctx,
  { consumerUserId, agentKey, includeDisabled = true, limit, before = Infinity },
) => {
  const jobs = ctx.db.query("messagePushJobs");
  const rows = includeDisabled
    ? jobs.withIndex("by_agent", (q) =>
        q.eq("consumerUserId", consumerUserId).eq("agentKey", agentKey).lt("updatedAt", before),
      )
    : jobs.withIndex("by_agent_and_enabled", (q) => {
        const enabled = q.eq("consumerUserId", consumerUserId).eq("agentKey", agentKey).eq("enabled", true);
        return enabled.lt("updatedAt", before);
      });
  return (await pageOf(rows.order("desc"), clampLimit(limit, 200, MAX_LIST))).map(jobView);
});

export const listPushDispatchesForAgent = asQuery(contract.listPushDispatchesForAgent)(async (
  ctx,
  { consumerUserId, agentKey, limit, before = Infinity },
) => {
  const rows = await ctx.db
    .query("messagePushDispatches")
    .withIndex("by_agent", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("agentKey", agentKey).lt("createdAt", before),
    )
    .order("desc")
    .take(clampLimit(limit, 50, 200));
  return rows.map((row) => ({ ...dispatchView(row), jobId: row.jobId }));
});

async function findOwn(ctx: QueryCtx, { consumerUserId, agentKey, jobId }: UserAgent & { jobId: string }) {
  const job = await findGiven(ctx, "messagePushJobs", jobId);
  return job?.consumerUserId === consumerUserId && job.agentKey === agentKey ? job : null;
}

/** The key itself. Throws `push_agent_mismatch`. */
async function currentOnly(ctx: QueryCtx, consumerUserId: string, agentKey: string): Promise<string> {
  if ((await activeBinding(ctx, consumerUserId))?.agentKey === agentKey) return agentKey;
  throw factoryError("push_agent_mismatch", "Agent key must match the current active binding for the user");
}
