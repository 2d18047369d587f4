/** Worker rows and their signs of life. A worker's liveness comes only from that worker: its leases and its polls. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";

/** Idle polls write at most this often. */
const BEAT_EVERY_MS = 30_000;

export const findWorker = (ctx: QueryCtx, workerId: string): Promise<Doc<"workers"> | null> =>
  ctx.db
    .query("workers")
    .withIndex("by_workerId", (q) => q.eq("workerId", workerId))
    .unique();

export const findBeat = (ctx: QueryCtx, workerId: string) =>
  ctx.db
    .query("beats")
    .withIndex("by_worker", (q) => q.eq("worker", workerId))
    .unique();

/** An empty poll is a sign of life, and a use of its token; written only when the last one is older than `BEAT_EVERY_MS`. */
export async function noteIdlePoll(
  ctx: MutationCtx,
  workerId: string,
  staleAfterMs: number,
  tokenId: string | undefined,
): Promise<void> {
  const aliveUntil = Date.now() + staleAfterMs;
  const beat = await findBeat(ctx, workerId);
  if (!beat) await ctx.db.insert("beats", { worker: workerId, aliveUntil, tokenId });
  else if (aliveUntil - beat.aliveUntil >= BEAT_EVERY_MS)
    await ctx.db.patch(beat._id, { aliveUntil, tokenId });
}

/** A lease expired: a worker that never polled idly is put where the sweep for silent workers finds it. */
export async function noteLastSeen(ctx: MutationCtx, workerId: string, seenAt: number): Promise<void> {
  if (!(await findBeat(ctx, workerId)))
    await ctx.db.insert("beats", { worker: workerId, aliveUntil: seenAt });
}
