/** Retention of what passes told workers. */
import type { MutationCtx } from "../../component/_generated/server.js";
import { oldWakes } from "./due.js";

const BATCH = 100;

/** Deletes rows of workers that nobody rang for a week; the next ring makes a new one. */
export async function sweepWakes(ctx: MutationCtx): Promise<number> {
  const rows = await oldWakes(ctx, Date.now()).take(BATCH);
  for (const row of rows) await ctx.db.delete(row._id);
  return rows.length;
}
