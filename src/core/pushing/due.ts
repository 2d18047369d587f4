/** What the pushes owe the clock, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import type { QueryCtx } from "../../component/_generated/server.js";

/** A timer is late, not lost, within this time. */
const GRACE_MS = 2 * 60_000;
/** A broadcast without progress for this long lost its run. */
const STALLED_MS = 10 * 60_000;
/** Runs and broadcasts are kept this long as a record. */
const RETENTION_MS = 90 * 86_400_000;

/** Jobs whose slot came before this were missed by their timer. */
export const lateSlot = (now: number): number => now - GRACE_MS;

/** Jobs without a next run sort before all numbers: the lower bound leaves them out. */
export const jobsDue = (ctx: QueryCtx, before: number) =>
  ctx.db.query("messagePushJobs").withIndex("by_due", (q) => q.gt("nextRunAt", 0).lte("nextRunAt", before));

/** Wakes whose slot was worked off by the net, and broadcasts that stand still. */
export const lostPushes = (ctx: QueryCtx, now: number) => ({
  wakes: ctx.db.query("messagePushWakes").withIndex("by_at", (q) => q.lt("at", now - STALLED_MS)),
  stalled: ctx.db
    .query("messagePushBroadcasts")
    .withIndex("by_status", (q) => q.eq("status", "running").lt("progressAt", now - STALLED_MS)),
});

export const oldPushes = (ctx: QueryCtx, now: number) => ({
  runs: ctx.db
    .query("messagePushDispatches")
    .withIndex("by_createdAt", (q) => q.lt("createdAt", now - RETENTION_MS)),
  targets: ctx.db
    .query("messagePushBroadcastDispatches")
    .withIndex("by_createdAt", (q) => q.lt("createdAt", now - RETENTION_MS)),
  broadcasts: ctx.db
    .query("messagePushBroadcasts")
    .withIndex("by_requestedAt", (q) => q.lt("requestedAt", now - RETENTION_MS)),
});
