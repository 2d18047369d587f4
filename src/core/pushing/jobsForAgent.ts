/** Push jobs as seen from one agent of one user: what is not that user's and agent's does not exist here. */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/pushing.js";
import { asMutation, asQuery } from "../functions.js";
import { activeBinding } from "../identity/bindings.js";
import { clampLimit, pageOf } from "../bounds/bounded.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { dispatchView } from "./dispatches.js";
import { changeJob, createCustom, createFromTemplate, findPushJob, jobView } from "./jobs.js";
import { triggerJob } from "./trigger.js";

const MAX_LIST = 500;
type UserAgent = { consumerUserId: string; agentKey: string };

export const createPushJobFromTemplateForAgent = asMutation(contract.createPushJobFromTemplateForAgent)(
  async (ctx, { agentKey, ...args }) => {
    await requireCurrent(ctx, { consumerUserId: args.consumerUserId, agentKey });
    return await createFromTemplate(ctx, args, agentKey);
  },
);

export const createPushJobCustomForAgent = asMutation(contract.createPushJobCustomForAgent)(async (
  ctx,
  { agentKey, ...args },
) => {
  await requireCurrent(ctx, { consumerUserId: args.consumerUserId, agentKey });
  return await createCustom(ctx, args, agentKey);
});

export const updatePushJobForAgent = asMutation(contract.updatePushJobForAgent)(async (
  ctx,
  { consumerUserId, agentKey, jobId, ...changes },
) => {
  const job = await findOwn(ctx, { consumerUserId, agentKey }, jobId);
  if (job) await changeJob(ctx, job, changes);
  return job !== null;
});

export const triggerPushJobNowForAgent = asMutation(contract.triggerPushJobNowForAgent)(async (
  ctx,
  { consumerUserId, agentKey, jobId, providerConfig },
) => {
  const job = await findOwn(ctx, { consumerUserId, agentKey }, jobId);
  if (!job) throw factoryError("push_job_not_found", "Push job not found for agent");
  return await triggerJob(ctx, job, providerConfig);
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
    : jobs.withIndex("by_agent_and_enabled", (q) =>
        q
          .eq("consumerUserId", consumerUserId)
          .eq("agentKey", agentKey)
          .eq("enabled", true)
          .lt("updatedAt", before),
      );
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

async function findOwn(ctx: QueryCtx, { consumerUserId, agentKey }: UserAgent, jobId: string) {
  const job = await findPushJob(ctx, jobId);
  return job?.consumerUserId === consumerUserId && job.agentKey === agentKey ? job : null;
}

/** Throws `push_agent_mismatch`. */
async function requireCurrent(ctx: QueryCtx, { consumerUserId, agentKey }: UserAgent): Promise<void> {
  if ((await activeBinding(ctx, consumerUserId))?.agentKey === agentKey) return;
  throw factoryError("push_agent_mismatch", "Agent key must match the current active binding for the user");
}
