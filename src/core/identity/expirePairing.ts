/**
 * The end of pairing codes that nobody used: each has its own timer, so that queries need no clock, and the sweep is the
 * net. Writes `pairingCodes`, `pairingAttempts`.
 */
import { asMutation } from "../functions.js";
import { v } from "convex/values";
import { ATTEMPT_WINDOW_MS } from "../../policy/identity/attempts.js";
import type { Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";

const BATCH = 100;
/** How long used and expired codes are kept for onboarding and inspection. */
const ENDED_RETENTION_MS = 30 * 86_400_000;

/** From now on nobody can read the code, its owner included. */
export const expire = (ctx: MutationCtx, pairing: Id<"pairingCodes">): Promise<void> =>
  ctx.db.patch(pairing, { status: "expired", sealed: undefined });

export const due = asMutation({ args: { pairing: v.id("pairingCodes") }, returns: v.null() })(async (
  ctx,
  { pairing },
) => {
  const row = await ctx.db.get(pairing);
  if (row?.status === "pending" && row.expiresAt <= Date.now()) await expire(ctx, pairing);
  return null;
});

/** Expires overdue codes, deletes old ended ones and the attempts of past windows; how many rows it touched. */
export async function sweepPairing(ctx: MutationCtx): Promise<number> {
  const now = Date.now();
  const overdue = await ctx.db
    .query("pairingCodes")
    .withIndex("by_status_and_expiresAt", (q) => q.eq("status", "pending").lt("expiresAt", now))
    .take(BATCH);
  for (const row of overdue) await expire(ctx, row._id);
  let deleted = 0;
  for (const status of ["used", "expired"] as const) {
    const old = await ctx.db
      .query("pairingCodes")
      .withIndex("by_status_and_expiresAt", (q) =>
        q.eq("status", status).lt("expiresAt", now - ENDED_RETENTION_MS),
      )
      .take(BATCH);
    for (const row of old) await ctx.db.delete(row._id);
    deleted += old.length;
  }
  const past = await ctx.db
    .query("pairingAttempts")
    .withIndex("by_windowStartedAt", (q) => q.lt("windowStartedAt", now - ATTEMPT_WINDOW_MS))
    .take(BATCH);
  for (const row of past) await ctx.db.delete(row._id);
  return overdue.length + deleted + past.length;
}
