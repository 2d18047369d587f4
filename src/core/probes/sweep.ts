/** Ends probes that nobody answered and deletes old ones. Writes `probes`. */
import type { MutationCtx } from "../../component/_generated/server.js";
import { dueProbes } from "./due.js";

const BATCH = 50;

/** Returns how many rows it changed. */
export async function sweepProbes(ctx: MutationCtx): Promise<number> {
  const now = Date.now();
  const due = dueProbes(ctx, now);
  const unanswered = await due.unanswered.take(BATCH);
  for (const row of unanswered) await ctx.db.patch(row._id, { status: "expired", finishedAt: now });
  const old = await due.old.take(BATCH);
  for (const row of old) await ctx.db.delete(row._id);
  return unanswered.length + old.length;
}
