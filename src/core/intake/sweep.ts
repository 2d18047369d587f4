/** Retention of what came in and was left over. Writes `parkedUpdates`, `albums`. */
import type { MutationCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { oldAlbums, oldParked } from "./due.js";

/** Deletes parked updates that have outlived their retention; how many. */
export async function sweepParkedUpdates(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  for (const row of await batch.take(oldParked(ctx, Date.now()))) await ctx.db.delete(row._id);
  return batch.rows;
}

/** Deletes albums that no part will come for any more; how many. */
export async function sweepAlbums(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  for (const row of await batch.take(oldAlbums(ctx, Date.now()))) await ctx.db.delete(row._id);
  return batch.rows;
}
