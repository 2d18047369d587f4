/**
 * Pending timers. Rows are only ever inserted or deleted, and each kind is read for real only where nobody writes at that
 * moment, so that arming makes nobody retry:
 *
 * | kind | inserted by | read by | deleted by |
 * |---|---|---|---|
 * | `reap` | a claim whose stale discovery saw none at its grid point; the reaper | handlers, their own | their handler |
 * | `pass` | whoever makes a conversation ready when no look is near | its handler, its own | the look that saw it |
 * | `look` | a look of the scheduler, beyond `LOOK_AHEAD_MS` | arrivals, up to `LOOK_AHEAD_MS` | the look that is due |
 *
 * Two claims may arm one grid point twice; the second handler finds little to do.
 */
import { internal } from "../../component/_generated/api.js";
import type { MutationCtx } from "../../component/_generated/server.js";

/** Whoever arrives relies on a look at most this far away. */
export const LOOK_AHEAD_MS = 500;
/** A look that is nearer than this may have begun by the time the arrival commits: it does not count. */
export const TOO_NEAR_MS = 100;
/** Simultaneous arrivals are looked at together. */
const FIRST_LOOK_AFTER_MS = 100;

/** Leases are reaped on a grid, so any number of claims cause one timer per grid point. */
export const reapPoint = (expiresAt: number, gridMs: number): number =>
  Math.ceil(expiresAt / gridMs) * gridMs;

/** Sets the reaper's alarm without looking; the caller has looked. */
export async function setReapAlarm(ctx: MutationCtx, at: number): Promise<void> {
  const alarm = await ctx.db.insert("alarms", { kind: "reap", at });
  await ctx.scheduler.runAt(at, internal.queue.reapOnAlarm, { alarm });
}

/**
 * Something became ready: sees to it that the scheduler looks soon. `relies`: the published line says when it looks again, and
 * that is soon enough.
 */
export async function seeToLook(ctx: MutationCtx, relies: boolean): Promise<void> {
  if (relies) return;
  const now = Date.now();
  const near = await ctx.db
    .query("alarms")
    .withIndex("by_kind", (q) =>
      q
        .eq("kind", "look")
        .gt("at", now + TOO_NEAR_MS)
        .lte("at", now + LOOK_AHEAD_MS),
    )
    .first();
  if (near !== null) return;
  const at = now + FIRST_LOOK_AFTER_MS;
  const alarm = await ctx.db.insert("alarms", { kind: "pass", at });
  await ctx.scheduler.runAt(at, internal.queue.observe, { alarm });
}
