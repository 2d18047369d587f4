/** Retention of what passes told workers. */
import type { MutationCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { oldWakes } from "./due.js";

/** Deletes rows of workers that nobody rang for a week; the next ring makes a new one. */
export async function sweepWakes(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  for (const row of await batch.take(oldWakes(ctx, Date.now()))) await ctx.db.delete(row._id);
  return batch.rows;
}
