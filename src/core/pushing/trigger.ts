/** Sends a job's push now, whatever its schedule says. */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/pushing.js";
import { asMutation } from "../functions.js";
import type { EnqueueArgs } from "../queue/enqueue.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { deliver } from "./deliver.js";
import { NO_AGENT, pushOf } from "./run.js";
import { findDispatch, recordDispatch } from "./dispatches.js";
import { findPushJob } from "./jobs.js";
import { reachableWorkspaces, targetOfJob } from "./target.js";

export const triggerPushJobNow = asMutation(contract.triggerPushJobNow)(async (
  ctx,
  { jobId, providerConfig },
) => {
  const job = await findPushJob(ctx, jobId);
  if (!job) throw factoryError("push_job_not_found", "Push job not found");
  return await triggerJob(ctx, job, providerConfig);
});

/** Throws `push_no_binding` and what the queue throws; then nothing is recorded. */
export async function triggerJob(
  ctx: MutationCtx,
  job: Doc<"messagePushJobs">,
  providerConfig: EnqueueArgs["providerConfig"],
): Promise<{ enqueuedMessageId: string; runKey: string }> {
  const now = Date.now();
  const runKey = `manual:${job._id}:${now}`;
  const target = await targetOfJob(ctx, job, await reachableWorkspaces(ctx, job.companyId));
  if (!target) throw factoryError("push_no_binding", NO_AGENT);
  const messageId = await deliver(ctx, target, {
    ...pushOf(job, runKey, "manual"),
    providerConfig,
  });
  // Two calls within one millisecond are one run.
  if (!(await findDispatch(ctx, runKey))) {
    await recordDispatch(ctx, job, {
      runKey,
      scheduledFor: now,
      agentKey: target.agentKey,
      result: { messageId },
    });
    await ctx.db.patch(job._id, { lastRunAt: now, lastRunKey: runKey });
  }
  return { enqueuedMessageId: messageId, runKey };
}
