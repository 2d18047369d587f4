/**
 * The workers that count against `maxWorkers` of a token, apart from their rows: a row changes whenever its worker takes another
 * conversation, a seat never, so registrations meet only registrations and departures with the same token.
 */
import type { MutationCtx } from "../../../component/_generated/server.js";

/** Takes a seat if fewer than `most` are taken; whether it did. Two that want the last one conflict: that is the limit. */
export async function takeSeat(
  ctx: MutationCtx,
  tokenId: string,
  worker: string,
  most: number,
): Promise<boolean> {
  const taken = await ctx.db
    .query("workerSeats")
    .withIndex("by_tokenId", (q) => q.eq("tokenId", tokenId))
    .take(most);
  if (taken.length >= most) return false;
  await ctx.db.insert("workerSeats", { tokenId, worker });
  return true;
}

/** The worker stopped, is gone, or came with another token. */
export async function leaveSeat(ctx: MutationCtx, worker: string): Promise<void> {
  const seat = await ctx.db
    .query("workerSeats")
    .withIndex("by_worker", (q) => q.eq("worker", worker))
    .unique();
  if (seat) await ctx.db.delete(seat._id);
}
