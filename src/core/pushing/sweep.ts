/** The net under the pushes, and their retention. */
import type { MutationCtx } from "../../component/_generated/server.js";
import { takeWithin } from "../upkeep/takeWithin.js";
import { startRun } from "./broadcastRun.js";
import { dispatchUpTo } from "./dispatchDue.js";
import { lateSlot, lostPushes, oldPushes } from "./due.js";

const BATCH = 100;

/** Runs jobs whose timer was lost; how many. */
export const sweepLateJobs = async (ctx: MutationCtx): Promise<number> =>
  (await dispatchUpTo(ctx, BATCH, lateSlot(Date.now()))).scanned;

/**
 * Starts broadcasts again that stand still, forgets timers whose slot was worked off, deletes what is older than 90 days; a batch of
 * each. Returns how many rows it acted upon.
 */
export async function sweepPushes(ctx: MutationCtx): Promise<number> {
  const now = Date.now();
  const lost = lostPushes(ctx, now);
  // A chain that is still at it goes on without.
  const wakes = await lost.wakes.take(BATCH);
  for (const row of wakes) await ctx.db.delete(row._id);
  const stalled = await takeWithin(lost.stalled, 10);
  for (const row of stalled) {
    await ctx.db.patch(row._id, { progressAt: now });
    await startRun(ctx, row._id);
  }
  const { runs, targets, broadcasts } = oldPushes(ctx, now);
  const old = [
    ...(await takeWithin(runs, BATCH)),
    ...(await takeWithin(targets, BATCH)),
    ...(await takeWithin(broadcasts, BATCH)),
  ];
  for (const row of old) await ctx.db.delete(row._id);
  return wakes.length + stalled.length + old.length;
}
