/** What is due of secret versions, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import type { Policies } from "../../contract/policies.js";
import type { QueryCtx } from "../../component/_generated/server.js";

export const dueSecrets = (
  ctx: QueryCtx,
  now: number,
  { supersededGraceMs, historyRetentionMs }: Policies["secrets"],
) => ({
  superseded: ctx.db.query("secrets").withIndex("by_wipedAt_and_supersededAt", (q) =>
    q
      .eq("wipedAt", undefined)
      .gte("supersededAt", 0)
      .lte("supersededAt", now - supersededGraceMs),
  ),
  forgotten: ctx.db
    .query("secrets")
    .withIndex("by_wipedAt_and_supersededAt", (q) =>
      q.gte("wipedAt", 0).lte("wipedAt", now - historyRetentionMs),
    ),
});
