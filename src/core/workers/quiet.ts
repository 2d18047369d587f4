/**
 * How quiet it is: since when nothing happened, and when something is known to come due. The newest rows change with every
 * arrival, so this is read on a stale snapshot only: no claim may conflict over it.
 */
import { v, type Infer } from "convex/values";
import type { QueryCtx } from "../../component/_generated/server.js";
import { asQuery } from "../functions.js";

export const vQuiet = v.object({
  /** When the newest message arrived or was claimed; null: there never was one. Epoch ms, as below. */
  since: v.union(v.number(), v.null()),
  /** When a retry or a delayed message comes due, the two kinds of work whose time is known; null: none waits. */
  nextDueAt: v.union(v.number(), v.null()),
});
export type Quiet = Infer<typeof vQuiet>;

/** Reads at most 4 documents. */
export async function quietFacts(ctx: QueryCtx): Promise<Quiet> {
  const message = await ctx.db.query("messageQueue").order("desc").first();
  const lease = await ctx.db.query("leases").order("desc").first();
  const backoff = await ctx.db
    .query("conversations")
    .withIndex("by_wake", (q) => q.eq("state", "backoff"))
    .first();
  const delayed = await ctx.db
    .query("messageQueue")
    .withIndex("by_due", (q) => q.eq("status", "delayed"))
    .first();
  const since = Math.max(message?._creationTime ?? 0, lease?._creationTime ?? 0);
  const nextDueAt = Math.min(backoff?.wakeAt ?? Infinity, delayed?.dueAt ?? Infinity);
  return { since: since === 0 ? null : since, nextDueAt: nextDueAt === Infinity ? null : nextDueAt };
}

/** For a claim that has no other discovery; through `ctx.runQuery(…, { useStaleSnapshot: true })` only. */
export const quiet = asQuery({ args: {}, returns: vQuiet })((ctx) => quietFacts(ctx));
