/** Retention of what workers said of themselves. Writes `workerReports`. */
import type { MutationCtx } from "../../../component/_generated/server.js";
import { Batch } from "../../bounds/batch.js";
import { findWorker } from "../register.js";
import { dueReports } from "./due.js";
import { KEEP_MS } from "./hello.js";

/** Forgets workers that are gone; those that still serve are kept. The number of rows looked at. */
export async function sweepReports(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  for (const row of await batch.take(dueReports(ctx, now))) {
    if (await findWorker(ctx, row.worker)) await ctx.db.patch(row._id, { keepUntil: now + KEEP_MS });
    else await ctx.db.delete(row._id);
  }
  return batch.rows;
}
