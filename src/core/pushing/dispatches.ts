/** The record of a job's runs. Writes and reads `messagePushDispatches`. */
import type { Infer } from "convex/values";
import * as contract from "../../contract/pushing.js";
import { asQuery } from "../functions.js";
import { clampLimit } from "../bounds/bounded.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import type { Delivery } from "./run.js";

export const listPushDispatchesByJob = asQuery(contract.listPushDispatchesByJob)(async (
  ctx,
  { jobId, limit, before = Infinity },
) => {
  const id = ctx.db.normalizeId("messagePushJobs", jobId);
  if (id === null) return [];
  const rows = await ctx.db
    .query("messagePushDispatches")
    .withIndex("by_job", (q) => q.eq("jobId", id).lt("createdAt", before))
    .order("desc")
    .take(clampLimit(limit, 50, 200));
  return rows.map(dispatchView);
});

export const dispatchView = (row: Doc<"messagePushDispatches">) => ({
  _id: row._id,
  runKey: row.runKey,
  status: row.status,
  scheduledFor: row.scheduledFor,
  createdAt: row.createdAt,
  error: row.error ?? null,
});

export const findDispatch = (ctx: QueryCtx, runKey: string): Promise<Doc<"messagePushDispatches"> | null> =>
  ctx.db
    .query("messagePushDispatches")
    .withIndex("by_run", (q) => q.eq("runKey", runKey))
    .first();

export type DispatchStatus = Infer<typeof contract.vDispatchStatus>;
/** `skipped`: the reason why nothing was to be sent. */
export type RunResult = Delivery | { skipped: string };

export async function recordDispatch(
  ctx: MutationCtx,
  job: Doc<"messagePushJobs">,
  run: { runKey: string; scheduledFor: number; agentKey: string | undefined; result: RunResult },
): Promise<DispatchStatus> {
  const { result, ...which } = run;
  const status = "messageId" in result ? "enqueued" : "error" in result ? "failed" : "skipped";
  await ctx.db.insert("messagePushDispatches", {
    ...which,
    jobId: job._id,
    consumerUserId: job.consumerUserId,
    status,
    ...("messageId" in result
      ? { enqueuedMessageId: result.messageId }
      : { error: "error" in result ? result.error : result.skipped }),
    createdAt: Date.now(),
  });
  return status;
}
