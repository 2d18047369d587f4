/** Worker rows and their signs of life. A worker's liveness comes only from that worker: its leases and its polls. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";

/** Idle polls write at most this often. */
export const BEAT_EVERY_MS = 30_000;

export const findWorker = (ctx: QueryCtx, workerId: string): Promise<Doc<"workers"> | null> =>
  ctx.db
    .query("workers")
    .withIndex("by_workerId", (q) => q.eq("workerId", workerId))
    .unique();

/**
 * First contact of a worker that no scheduler launched. It is put at once where the sweep for silent workers finds it: one that is
 * always given work never polls idly, and may die with a conversation that is bound to it and no lease that expires.
 */
export async function registerWorker(
  ctx: MutationCtx,
  worker: {
    workerId: string;
    lanes: string[];
    workspace: string | null;
    stateful: boolean;
    listens: boolean;
    tokenId?: string;
  },
  staleAfterMs: number,
): Promise<Pick<Doc<"workers">, "_id" | "workerId" | "status" | "binding">> {
  const id = await ctx.db.insert("workers", {
    workerId: worker.workerId,
    provider: "external",
    status: "active",
    lanes: worker.lanes,
    workspace: worker.workspace ?? undefined,
    registeredAt: Date.now(),
    ...(worker.stateful ? { stateful: true } : {}),
    ...(worker.listens ? { listens: true } : {}),
    tokenId: worker.tokenId,
  });
  await noteIdlePoll(ctx, worker.workerId, staleAfterMs, worker.tokenId);
  return { _id: id, workerId: worker.workerId, status: "active", binding: undefined };
}

const findBeat = (ctx: QueryCtx, workerId: string) =>
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
