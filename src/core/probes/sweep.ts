/** Ends probes that nobody answered and deletes old ones. Writes `probes`. */
import type { MutationCtx } from "../../component/_generated/server.js";

const BATCH = 50;
const RETENTION_MS = 7 * 86_400_000;

/** Returns how many rows it changed. */
export async function sweepProbes(ctx: MutationCtx): Promise<number> {
  const now = Date.now();
  const unanswered = await ctx.db
    .query("probes")
    .withIndex("by_status", (q) => q.eq("status", "waiting").lt("expiresAt", now))
    .take(BATCH);
  for (const row of unanswered) await ctx.db.patch(row._id, { status: "expired", finishedAt: now });
  const old = await ctx.db
    .query("probes")
    .withIndex("by_requestedAt", (q) => q.lt("requestedAt", now - RETENTION_MS))
    .take(BATCH);
  for (const row of old) await ctx.db.delete(row._id);
  return unanswered.length + old.length;
}
