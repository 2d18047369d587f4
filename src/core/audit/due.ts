/** What is due of the log, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import type { Policies } from "../../contract/policies.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/** A count may be written this long after its window by a slow transaction; what comes later still becomes a line of its own. */
const TALLY_GRACE_MS = 30_000;
/** Lines that were begun this shortly before are left to the next look, which thereby meets nobody who acts. */
const LINE_GRACE_MS = 5_000;

/** Lines without a number, before the present. */
export const unsealedLines = (ctx: QueryCtx, now: number) =>
  ctx.db
    .query("auditLog")
    .withIndex("by_seq", (q) => q.eq("seq", undefined).lt("_creationTime", now - LINE_GRACE_MS));

/** The oldest tallies whose window is over. */
export const dueTallies = (ctx: QueryCtx, now: number) =>
  ctx.db.query("auditTallies").withIndex("by_window", (q) => q.lte("windowEnd", now - TALLY_GRACE_MS));

/** Whether the oldest line that may go, if any, is past its time. The newest line always stays. 2 documents. */
export async function isLineOld(ctx: QueryCtx, now: number, policy: Policies["audit"]): Promise<boolean> {
  const chain = await ctx.db.query("auditChain").first();
  if (!chain || chain.head.seq <= chain.anchor.seq + 1) return false;
  const oldest = await ctx.db
    .query("auditLog")
    .withIndex("by_seq", (q) => q.gt("seq", chain.anchor.seq).lt("seq", chain.head.seq))
    .first();
  return oldest !== null && oldest.at < now - policy.retentionMs;
}
