/** What is due of probes, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import type { QueryCtx } from "../../component/_generated/server.js";

const RETENTION_MS = 7 * 86_400_000;

export const dueProbes = (ctx: QueryCtx, now: number) => ({
  unanswered: ctx.db
    .query("probes")
    .withIndex("by_status", (q) => q.eq("status", "waiting").lt("expiresAt", now)),
  old: ctx.db.query("probes").withIndex("by_requestedAt", (q) => q.lt("requestedAt", now - RETENTION_MS)),
});
