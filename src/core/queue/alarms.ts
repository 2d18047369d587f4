/**
 * Timers that coalesce without conflicts. Whoever needs one looks (stale) for a row of that kind at that time: there → done;
 * not there → inserts it and schedules its handler. Concurrent lookers may insert two; the first handler to commit deletes
 * all due rows and acts, a handler whose row is gone does nothing: the one that deleted it had seen the row, so also what
 * the row was inserted for. Shared rows are only inserted or deleted, never patched.
 */
import { internal } from "../../component/_generated/api.js";
import type { Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";

type Kind = "reap" | "pass";

/** Leases are reaped on a grid, so any number of claims cause one timer per grid point. */
export const reapPoint = (expiresAt: number, gridMs: number): number =>
  Math.ceil(expiresAt / gridMs) * gridMs;

/** Sets an alarm without looking; the caller has looked. */
export async function setAlarm(ctx: MutationCtx, kind: Kind, at: number): Promise<void> {
  const alarm = await ctx.db.insert("alarms", { kind, at });
  if (kind === "reap") await ctx.scheduler.runAt(at, internal.queue.reapOnAlarm, { alarm });
  else await ctx.scheduler.runAt(at, internal.queue.observeOnAlarm, { alarm });
}

export async function setAlarmUnlessSet(ctx: MutationCtx, kind: Kind, at: number): Promise<void> {
  const armed: boolean = await ctx.runQuery(
    internal.queue.isAlarmSet,
    { kind, at },
    { useStaleSnapshot: true },
  );
  if (!armed) await setAlarm(ctx, kind, at);
}

/** Takes every due alarm of the kind; false when another handler already did. */
export async function takeAlarms(
  ctx: MutationCtx,
  kind: Kind,
  alarm: Id<"alarms">,
  now: number,
): Promise<boolean> {
  const own = await ctx.db.get(alarm);
  if (own === null) return false;
  const due = await ctx.db
    .query("alarms")
    .withIndex("by_kind", (q) => q.eq("kind", kind).lte("at", Math.max(now, own.at)))
    .take(100);
  for (const row of due) await ctx.db.delete(row._id);
  return true;
}
