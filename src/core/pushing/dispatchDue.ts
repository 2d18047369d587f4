/** Runs whatever is due, in order of its slot: the dispatcher of the documentation's hourly cron, and the net of the sweep. */
import { v } from "convex/values";
import * as contract from "../../contract/pushing.js";
import { vProviderConfig } from "../../contract/providers.js";
import { asMutation } from "../functions.js";
import { clampLimit, readBounded } from "../bounds/bounded.js";
import type { EnqueueArgs } from "../queue/enqueue.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import type { DispatchStatus } from "./dispatches.js";
import { jobsDue } from "./due.js";
import { runSlot, type Batch } from "./run.js";
import { armWake } from "./jobFields.js";

/** A run reads some 15 index ranges of the 4 096 that a transaction may read. */
const BATCH = 100;
/** Of the jobs' texts, which are written again as messages: a quarter of what a deployment may write in a second. */
const BATCH_BYTES = 1024 * 1024;
const AFTER_LARGE_MS = 1_000;

/** The first jobs of a range, and after which time the rest follows; null: there is none. */
async function batchOfJobs(
  jobs: AsyncIterable<Doc<"messagePushJobs">>,
  limit = BATCH,
): Promise<{ jobs: Doc<"messagePushJobs">[]; restAfterMs: number | null }> {
  const most = Math.min(limit, BATCH);
  const { rows, capped } = await readBounded(jobs, most, BATCH_BYTES);
  return { jobs: rows, restAfterMs: capped ? (rows.length < most ? AFTER_LARGE_MS : 0) : null };
}

export const dispatchDuePushJobs = asMutation(contract.dispatchDuePushJobs)(
  async (ctx, { limit, providerConfig }) =>
    dispatchUpTo(ctx, clampLimit(limit, 200, 1_000), Date.now(), providerConfig),
);

export const rest = asMutation({
  args: { limit: v.number(), dueBefore: v.number(), providerConfig: v.optional(vProviderConfig) },
  returns: v.null(),
})(async (ctx, { limit, dueBefore, providerConfig }) => {
  await dispatchUpTo(ctx, limit, dueBefore, providerConfig);
  return null;
});

/** One batch here; while the limit allows and there was a full one, the next in a transaction of its own. */
export async function dispatchUpTo(
  ctx: MutationCtx,
  limit: number,
  dueBefore: number,
  providerConfig?: EnqueueArgs["providerConfig"],
) {
  const { jobs, restAfterMs } = await batchOfJobs(jobsDue(ctx, dueBefore), limit);
  const counts = await runBatch(ctx, jobs, providerConfig);
  const left = limit - jobs.length;
  if (restAfterMs !== null && left > 0) {
    const args = { limit: left, dueBefore, providerConfig };
    await ctx.scheduler.runAfter(restAfterMs, internal.pushing.dispatchRest, args);
  }
  return { scanned: jobs.length, ...counts };
}

async function runBatch(
  ctx: MutationCtx,
  jobs: readonly Doc<"messagePushJobs">[],
  providerConfig?: EnqueueArgs["providerConfig"],
): Promise<Record<DispatchStatus, number>> {
  const counts = { enqueued: 0, skipped: 0, failed: 0 };
  const batch: Batch = { now: Date.now(), providerConfig, workspaces: new Map() };
  for (const job of jobs) {
    if (job.nextRunAt === undefined) continue;
    counts[await runSlot(ctx, { ...job, nextRunAt: job.nextRunAt }, batch)] += 1;
  }
  return counts;
}

export const slot = asMutation({ args: { at: v.number() }, returns: v.null() })(async (ctx, { at }) => {
  if (Date.now() < at) {
    await armWake(ctx, at);
    return null;
  }
  const ofSlot = ctx.db.query("messagePushJobs").withIndex("by_due", (q) => q.eq("nextRunAt", at));
  const { jobs, restAfterMs } = await batchOfJobs(ofSlot);
  await runBatch(ctx, jobs);
  if (restAfterMs !== null) {
    await ctx.scheduler.runAfter(restAfterMs, internal.pushing.wakeSlot, { at });
    return null;
  }
  const timer = await ctx.db
    .query("messagePushWakes")
    .withIndex("by_at", (q) => q.eq("at", at))
    .first();
  if (timer) await ctx.db.delete(timer._id);
  return null;
});
