/** The end of a worker row. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { leaveSeat } from "./tokens/seats.js";

/** Deletes the row and what goes with it. For sweeps: the worker is gone. */
export async function removeWorker(ctx: MutationCtx, worker: Doc<"workers">): Promise<void> {
  await leaveSeat(ctx, worker.workerId);
  await ctx.db.delete(worker._id);
}
