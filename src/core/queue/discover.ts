/**
 * What is *searched* is read here on a stale snapshot and causes no conflict; what is *relied on* is read again by id by
 * the caller. These run through `ctx.runQuery(…, { useStaleSnapshot: true })` only.
 */
import { asQuery } from "../functions.js";
import { v } from "convex/values";
import type { QueryCtx } from "../../component/_generated/server.js";
import { quietFacts, vQuiet } from "../workers/quiet.js";

const readyHead = (ctx: QueryCtx, pool: string) =>
  ctx.db
    .query("conversations")
    .withIndex("by_ready", (q) => q.eq("state", "ready").eq("pool", pool))
    .first();

/** A pass that comes within this time is worth waiting for. */
const SOON_MS = 250;

/**
 * The view that `placeInLine` needs, and whether a pass looks soon anyway: because one is about to come, or because the same
 * flow waits already, so that whoever could take more of it was rung. The slow pass of a backlog elsewhere is not enough.
 */
export const line = asQuery({
  args: { pool: v.string(), workspace: v.string(), band: v.number(), now: v.number() },
  returns: v.object({
    headStart: v.union(v.number(), v.null()),
    lastOfFlow: v.union(v.number(), v.null()),
    passPending: v.boolean(),
  }),
})(async (ctx, { pool, workspace, band, now }) => {
  const head = await readyHead(ctx, pool);
  const last = await ctx.db
    .query("conversations")
    .withIndex("by_flow", (q) => q.eq("pool", pool).eq("workspace", workspace).eq("band", band))
    .order("desc")
    .first();
  const passPending =
    last?.state === "ready" ||
    (await ctx.db
      .query("alarms")
      .withIndex("by_kind", (q) => q.eq("kind", "pass").lte("at", now + SOON_MS))
      .first()) !== null;
  return { headStart: head?.start ?? null, lastOfFlow: last?.start ?? null, passPending };
});

/**
 * The ready head of each lane (of one workspace, if given), and whether the reaper is armed for `reapAt`. Where there is none,
 * and the claim shall answer how to wait, also how quiet it is.
 */
export const candidates = asQuery({
  args: {
    lanes: v.array(v.string()),
    workspace: v.union(v.string(), v.null()),
    reapAt: v.number(),
    looksAround: v.boolean(),
  },
  returns: v.object({
    heads: v.array(
      v.object({ id: v.id("conversations"), lane: v.string(), band: v.number(), readyAt: v.number() }),
    ),
    reapArmed: v.boolean(),
    quiet: v.union(v.null(), vQuiet),
  }),
})(async (ctx, { lanes, workspace, reapAt, looksAround }) => {
  const heads = [];
  for (const lane of lanes) {
    const head =
      workspace === null
        ? await readyHead(ctx, lane)
        : await ctx.db
            .query("conversations")
            .withIndex("by_tenant", (q) => q.eq("state", "ready").eq("pool", lane).eq("workspace", workspace))
            .first();
    if (head) heads.push({ id: head._id, lane, band: head.band, readyAt: head.readyAt });
  }
  if (heads.length === 0)
    return { heads, reapArmed: false, quiet: looksAround ? await quietFacts(ctx) : null };
  return { heads, reapArmed: await isArmed(ctx, "reap", reapAt), quiet: null };
});

export const armed = asQuery({
  args: { kind: v.union(v.literal("reap"), v.literal("pass")), at: v.number() },
  returns: v.boolean(),
})((ctx, { kind, at }) => isArmed(ctx, kind, at));

async function isArmed(ctx: QueryCtx, kind: "reap" | "pass", at: number): Promise<boolean> {
  const alarm = await ctx.db
    .query("alarms")
    .withIndex("by_kind", (q) => q.eq("kind", kind).eq("at", at))
    .first();
  return alarm !== null;
}

/** Overdue live leases, oldest first, and when the next one expires. */
export const overdueLeases = asQuery({
  args: { now: v.number(), limit: v.number() },
  returns: v.object({ overdue: v.array(v.id("leases")), nextExpiryAt: v.union(v.number(), v.null()) }),
})(async (ctx, { now, limit }) => {
  const rows = await ctx.db
    .query("leases")
    .withIndex("by_expiry", (q) => q.eq("state", "live"))
    .take(limit + 1);
  const overdue = rows.filter((row) => row.expiresAt <= now).slice(0, limit);
  return { overdue: overdue.map((row) => row._id), nextExpiryAt: rows[overdue.length]?.expiresAt ?? null };
});
