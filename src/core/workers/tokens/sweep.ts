/** Retention of counted refusals. Writes `refusalWindows`. */
import type { MutationCtx } from "../../../component/_generated/server.js";
import { Batch } from "../../bounds/batch.js";
import { endedWindows } from "./due.js";

/** Deletes windows that ended; the number of them. */
export async function sweepRefusals(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  for (const row of await batch.take(endedWindows(ctx, Date.now()))) await ctx.db.delete(row._id);
  return batch.rows;
}
