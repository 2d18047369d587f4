/**
 * Workers that gave no sign of life. What they held is free for others at once. One that nobody launched is forgotten and registers
 * again with its next claim; but while it may hold unsaved memory of a conversation on its disk it is kept for a while, so that it
 * may come back, save that, and go on with it.
 */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { Batch } from "../bounds/batch.js";
import { savingUntil } from "./saving.js";
import { freeBound } from "./binding.js";
import { stopMeter } from "./deployments/meter.js";
import { longSilent, silentBeats } from "./due.js";
import { findWorker } from "./register.js";
import { removeWorker } from "./remove.js";
import { keepTokenUse } from "./tokens/lastUse.js";
import { leaveSeat } from "./tokens/seats.js";
import { lastSignOfLife } from "./reads.js";

/** Each reads a handful of rows of its worker. */
const MOST = 50;

/** Returns how many beats it looked at: those of workers that live by their leases, or are at a snapshot, are set on. */
export async function noteSilentWorkers(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  const beats = await batch.take(silentBeats(ctx, now), { most: MOST });
  if (beats.length === 0) return 0;
  const { policies } = await loadRuntime(ctx);
  for (const beat of beats) {
    const life = await lastSignOfLife(ctx, beat.worker);
    const { leaseMs, staleAfterMs } = policies.lease;
    let aliveUntil = life.load > 0 ? now + leaseMs : life.seenAt + staleAfterMs;
    const worker = aliveUntil > now ? null : await findWorker(ctx, beat.worker);
    if (worker?.binding)
      aliveUntil = Math.min(await savingUntil(ctx, worker.binding, policies.fleet), now + staleAfterMs);
    if (aliveUntil > now) {
      await ctx.db.patch(beat._id, { aliveUntil });
      continue;
    }
    await ctx.db.delete(beat._id);
    const seenAt = Math.max(life.seenAt, beat.aliveUntil - staleAfterMs);
    // The beat was what knew of the last use of its token.
    const tokenId = worker?.tokenId ?? beat.tokenId;
    if (tokenId !== undefined) await keepTokenUse(ctx, tokenId, seenAt);
    if (worker?.provider === "external") await leave(ctx, worker, seenAt);
  }
  return batch.rows;
}

async function leave(ctx: MutationCtx, worker: Doc<"workers">, seenAt: number): Promise<void> {
  await freeBound(ctx, worker);
  await stopMeter(ctx, worker.workerId, seenAt);
  if (!worker.binding) return await removeWorker(ctx, worker);
  await leaveSeat(ctx, worker.workerId);
  await ctx.db.patch(worker._id, { silentSince: seenAt });
}

/** Those that did not come back for so long that nobody counts on their disks any more. Returns how many. */
export async function forgetWorkers(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const { lease } = (await loadRuntime(ctx)).policies;
  for (const worker of await batch.take(longSilent(ctx, Date.now(), lease), { most: MOST }))
    await removeWorker(ctx, worker);
  return batch.rows;
}
