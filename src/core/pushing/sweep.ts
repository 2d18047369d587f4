/** The net under the pushes, and their retention. */
import type { MutationCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { startRun } from "./broadcastRun.js";
import { dispatchUpTo } from "./dispatchDue.js";
import { lateSlot, lostPushes, oldPushes } from "./due.js";

const MOST_JOBS = 100;
/** Each starts a run. */
const MOST_STALLED = 10;

/** Runs jobs whose timer was lost; how many. */
export async function sweepLateJobs(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  batch.count((await dispatchUpTo(ctx, MOST_JOBS, lateSlot(Date.now()))).scanned);
  return batch.rows;
}

/**
 * Starts broadcasts again that stand still, forgets timers whose slot was worked off, deletes what is older than 90 days; a batch of
 * each. Returns how many rows it acted upon.
 */
export async function sweepPushes(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  const lost = lostPushes(ctx, now);
  // A chain that is still at it goes on without.
  for (const row of await batch.take(lost.wakes, { shares: 5 })) await ctx.db.delete(row._id);
  for (const row of await batch.take(lost.stalled, { shares: 5, most: MOST_STALLED })) {
    await ctx.db.patch(row._id, { progressAt: now });
    await startRun(ctx, row._id);
  }
  const { runs, targets, broadcasts } = oldPushes(ctx, now);
  for (const row of await batch.take(runs, { shares: 5 })) await ctx.db.delete(row._id);
  for (const row of await batch.take(targets, { shares: 5 })) await ctx.db.delete(row._id);
  for (const row of await batch.take(broadcasts, { shares: 5 })) await ctx.db.delete(row._id);
  return batch.rows;
}
