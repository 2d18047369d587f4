/** Workers that gave no sign of life. Those that nobody launched are forgotten; they register again with their next claim. */
import type { MutationCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { Batch } from "../upkeep/batch.js";
import { freeBound } from "./binding.js";
import { stopMeter } from "./deployments/meter.js";
import { silentBeats } from "./due.js";
import { findWorker } from "./register.js";
import { removeWorker } from "./remove.js";
import { keepTokenUse } from "./tokens/lastUse.js";
import { lastSignOfLife } from "./reads.js";

/** Each reads a handful of rows of its worker. */
const MOST = 50;

/** Returns how many beats it looked at: those of workers that live by their leases are set on. */
export async function removeSilentWorkers(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  const beats = await batch.take(silentBeats(ctx, now), { most: MOST });
  if (beats.length === 0) return 0;
  const { policies } = await loadRuntime(ctx);
  for (const beat of beats) {
    const life = await lastSignOfLife(ctx, beat.worker);
    const aliveUntil =
      life.load > 0 ? now + policies.lease.leaseMs : life.seenAt + policies.lease.staleAfterMs;
    if (aliveUntil > now) {
      await ctx.db.patch(beat._id, { aliveUntil });
      continue;
    }
    await ctx.db.delete(beat._id);
    const worker = await findWorker(ctx, beat.worker);
    const seenAt = Math.max(life.seenAt, beat.aliveUntil - policies.lease.staleAfterMs);
    // The beat was what knew of the last use of its token.
    const tokenId = worker?.tokenId ?? beat.tokenId;
    if (tokenId !== undefined) await keepTokenUse(ctx, tokenId, seenAt);
    if (worker?.provider !== "external") continue;
    await freeBound(ctx, worker);
    await stopMeter(ctx, worker.workerId, seenAt);
    await removeWorker(ctx, worker);
  }
  return batch.rows;
}
