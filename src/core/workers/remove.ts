/** The end of a worker row. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { foldTokenUses, noteTokenUse } from "./tokens/lastUse.js";
import { leaveSeat } from "./tokens/seats.js";

/** Deletes the row and what goes with it; `seenAt` was its last sign of life, and the last use of its token. For sweeps. */
export async function removeWorker(ctx: MutationCtx, worker: Doc<"workers">, seenAt: number): Promise<void> {
  await leaveSeat(ctx, worker.workerId);
  if (worker.tokenId !== undefined) {
    await noteTokenUse(ctx, worker.tokenId, seenAt);
    await foldTokenUses(ctx, worker.tokenId);
  }
  await ctx.db.delete(worker._id);
}
