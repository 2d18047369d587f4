/**
 * The end of pairing codes that nobody used: each has its own timer, so that queries need no clock, and the sweep is the
 * net. Writes `pairingCodes`, `pairingAttempts`, `pairingQuestions`.
 */
import { asMutation } from "../functions.js";
import { v } from "convex/values";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { duePairings } from "./due.js";

/** From now on nobody can read the code, its owner included. */
export const expire = (ctx: MutationCtx, pairing: Id<"pairingCodes">): Promise<void> =>
  ctx.db.patch(pairing, { status: "expired", sealed: undefined });

/** Far above the pending codes of one user, which has one per agent at most; small rows. */
const MAX_PENDING = 500;

/** Ends those of the user's pending codes that are `over`. */
export async function expirePending(
  ctx: MutationCtx,
  consumerUserId: string,
  over: (row: Doc<"pairingCodes">) => boolean,
): Promise<void> {
  const pending = await ctx.db
    .query("pairingCodes")
    .withIndex("by_consumerUserId_and_status", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("status", "pending"),
    )
    .order("desc")
    .take(MAX_PENDING);
  for (const row of pending) if (over(row)) await expire(ctx, row._id);
}

export const due = asMutation({ args: { pairing: v.id("pairingCodes") }, returns: v.null() })(async (
  ctx,
  { pairing },
) => {
  const row = await ctx.db.get(pairing);
  if (row?.status === "pending" && row.expiresAt <= Date.now()) await expire(ctx, pairing);
  return null;
});

/** Expires overdue codes, deletes old ended ones and the attempts of past windows; how many rows it touched. */
export async function sweepPairing(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const due = duePairings(ctx, Date.now());
  const shares = Object.keys(due).length;
  for (const row of await batch.take(due.overdue, { shares })) await expire(ctx, row._id);
  const over = [
    ...(await batch.take(due.used, { shares })),
    ...(await batch.take(due.expired, { shares })),
    ...(await batch.take(due.attempts, { shares })),
    ...(await batch.take(due.questions, { shares })),
  ];
  for (const { _id } of over) await ctx.db.delete(_id);
  return batch.rows;
}
