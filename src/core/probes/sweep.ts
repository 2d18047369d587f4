/** Ends probes that nobody answered and deletes old ones. Writes `probes`. */
import type { MutationCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { dueProbes } from "./due.js";

/** Returns how many rows it changed. */
export async function sweepProbes(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  const due = dueProbes(ctx, now);
  for (const row of await batch.take(due.unanswered, { shares: 2 }))
    await ctx.db.patch(row._id, { status: "expired", finishedAt: now });
  for (const row of await batch.take(due.old, { shares: 2 })) await ctx.db.delete(row._id);
  return batch.rows;
}
