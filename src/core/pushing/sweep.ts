/** The net under the pushes, and their retention. */
import type { MutationCtx } from "../../component/_generated/server.js";
import { startRun } from "./broadcastRun.js";
import { dispatchUpTo } from "./dispatchDue.js";

/** A timer is late, not lost, within this time. */
const GRACE_MS = 2 * 60_000;
/** A broadcast without progress for this long lost its run. */
const STALLED_MS = 10 * 60_000;
/** Runs and broadcasts are kept this long as a record. */
const RETENTION_MS = 90 * 86_400_000;
const BATCH = 100;

/**
 * Once a minute is enough. Runs jobs whose timer was lost, starts broadcasts again that stand still, deletes what is older
 * than 90 days. A batch of each per call.
 * @returns how many rows it acted upon; 0 means that there was nothing to do.
 */
export async function sweepPushes(ctx: MutationCtx): Promise<number> {
  const now = Date.now();
  const { scanned } = await dispatchUpTo(ctx, BATCH, now - GRACE_MS);
  return (
    scanned + (await dropOldWakes(ctx, now)) + (await restartStalled(ctx, now)) + (await retain(ctx, now))
  );
}

/** Its slot was worked off by the net; a chain that is still at it goes on without. */
async function dropOldWakes(ctx: MutationCtx, now: number): Promise<number> {
  const rows = await ctx.db
    .query("messagePushWakes")
    .withIndex("by_at", (q) => q.lt("at", now - STALLED_MS))
    .take(BATCH);
  for (const row of rows) await ctx.db.delete(row._id);
  return rows.length;
}

async function restartStalled(ctx: MutationCtx, now: number): Promise<number> {
  const rows = await ctx.db
    .query("messagePushBroadcasts")
    .withIndex("by_status", (q) => q.eq("status", "running").lt("progressAt", now - STALLED_MS))
    .take(10);
  for (const row of rows) {
    await ctx.db.patch(row._id, { progressAt: now });
    await startRun(ctx, row._id);
  }
  return rows.length;
}

async function retain(ctx: MutationCtx, now: number): Promise<number> {
  const before = now - RETENTION_MS;
  const rows = [
    ...(await ctx.db
      .query("messagePushDispatches")
      .withIndex("by_createdAt", (q) => q.lt("createdAt", before))
      .take(BATCH)),
    ...(await ctx.db
      .query("messagePushBroadcastDispatches")
      .withIndex("by_createdAt", (q) => q.lt("createdAt", before))
      .take(BATCH)),
    ...(await ctx.db
      .query("messagePushBroadcasts")
      .withIndex("by_requestedAt", (q) => q.lt("requestedAt", before))
      .take(BATCH)),
  ];
  for (const row of rows) await ctx.db.delete(row._id);
  return rows.length;
}
