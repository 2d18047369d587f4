/**
 * What is *searched* is read here on a stale snapshot and causes no conflict; what is *relied on* is read again by id by
 * the caller. These run through `ctx.runQuery(…, { useStaleSnapshot: true })` only.
 */
import { asQuery } from "../functions.js";
import { v, type Infer } from "convex/values";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { orderHeads } from "../../policy/queue/lane.js";
import { ALL_BANDS, fairOrder, flowOf, type WaitingRow } from "../../policy/queue/place.js";
import { rowsLookedAt, shareOf } from "../../policy/queue/share.js";
import { quietFacts, vQuiet } from "../workers/quiet.js";
import { laneIn } from "../line/line.js";

type Conversation = Doc<"conversations">;

/** Flows whose memory one look reads. The candidates of further ones count as never served: they come sooner. */
const MAX_FLOWS = 16;
/** Candidates whose rows a claim reads before it gives up; its worker asks again soon. */
const MAX_TRIED = 4;

const vCandidate = v.object({ id: v.id("conversations"), charge: v.number() });
export type Candidate = Infer<typeof vCandidate>;

/**
 * The conversations that this worker should try, in that order, and whether the reaper is armed for `reapAt`. With one claimer
 * that is the fair order of each lane; several share its first rows. Where nothing is ready, and the claim shall answer how to
 * wait, also how quiet it is. `dice`: three draws from 0..1.
 */
export const candidates = asQuery({
  args: {
    worker: v.string(),
    lanes: v.array(v.string()),
    workspace: v.union(v.string(), v.null()),
    reapAt: v.number(),
    now: v.number(),
    dice: v.array(v.number()),
    looksAround: v.boolean(),
  },
  returns: v.object({
    turns: v.array(vCandidate),
    reapArmed: v.boolean(),
    quiet: v.union(v.null(), vQuiet),
  }),
})(async (ctx, { worker, lanes, workspace, reapAt, now, dice, looksAround }) => {
  const [lot = 0, ...draws] = dice;
  const line = await newestLine(ctx, now);
  const claimers = {
    worker,
    listed: line?.claimers ?? [],
    company: await hasCompany(ctx, worker, now),
  };
  const count = rowsLookedAt(claimers);
  const found = [];
  for (const lane of lanes) {
    const rows = await (workspace === null
      ? firstOfLane(ctx, lane, count)
      : firstOfTenant(ctx, lane, workspace, count));
    const order = fairOrder(rows, await servedTicks(ctx, lane, rows), laneIn(line, lane)?.virtual);
    const [head] = order;
    if (!head) continue;
    const describe = ({ row }: (typeof order)[number]) => ({ id: row._id, flow: flowOf(row) });
    const turns = shareOf(order, describe, claimers, { now, random: lot });
    const { band, readyAt } = head.row;
    found.push({ lane, band, readyAt, turns: turns.slice(0, MAX_TRIED) });
  }
  const turns = orderHeads(found, now, [draws[0] ?? 0, draws[1] ?? 0])
    .flatMap((lane) => lane.turns)
    .slice(0, MAX_TRIED)
    .map(({ row, charge }) => ({ id: row._id, charge }));
  if (turns.length === 0)
    return { turns, reapArmed: false, quiet: looksAround ? await quietFacts(ctx) : null };
  return { turns, reapArmed: await isArmed(ctx, reapAt), quiet: null };
});

/** The first rows of a lane and, in case many of one flow stand before all others, the heads of its neighbours. */
async function firstOfLane(ctx: QueryCtx, lane: string, count: number): Promise<Conversation[]> {
  const rows = await readyIn(ctx, lane).take(count);
  const [head] = rows;
  if (!head || rows.length < count) return rows;
  const seen = new Set(rows.map(({ _id }) => _id));
  for (const row of await neighbours(ctx, lane, head)) if (row && !seen.has(row._id)) rows.push(row);
  return rows;
}

const readyIn = (ctx: QueryCtx, pool: string) =>
  ctx.db.query("conversations").withIndex("by_ready", (q) => q.eq("state", "ready").eq("pool", pool));

/** The next workspace's head, and the heads of a lower and a higher band of the same one. */
async function neighbours(ctx: QueryCtx, pool: string, head: Conversation): Promise<(Conversation | null)[]> {
  const { workspace, band } = head;
  const rows = () => ctx.db.query("conversations");
  return [
    (await rows()
      .withIndex("by_tenant", (q) => q.eq("state", "ready").eq("pool", pool).gt("workspace", workspace))
      .first()) ??
      (await rows()
        .withIndex("by_tenant", (q) => q.eq("state", "ready").eq("pool", pool).lt("workspace", workspace))
        .first()),
    await rows()
      .withIndex("by_tenant", (q) =>
        q.eq("state", "ready").eq("pool", pool).eq("workspace", workspace).lt("band", band),
      )
      .first(),
    await rows()
      .withIndex("by_tenant", (q) =>
        q.eq("state", "ready").eq("pool", pool).eq("workspace", workspace).gt("band", band),
      )
      .first(),
  ];
}

/** The first rows of each band of one workspace. */
async function firstOfTenant(
  ctx: QueryCtx,
  pool: string,
  workspace: string,
  count: number,
): Promise<Conversation[]> {
  const rows: Conversation[] = [];
  for (const band of ALL_BANDS) {
    const ofBand = ctx.db
      .query("conversations")
      .withIndex("by_tenant", (q) =>
        q.eq("state", "ready").eq("pool", pool).eq("workspace", workspace).eq("band", band),
      );
    rows.push(...(await ofBand.take(count)));
  }
  return rows;
}

/** The tick at which each flow of the rows was served last. A flow that has the lane to itself needs no memory. */
export async function servedTicks(
  ctx: QueryCtx,
  lane: string,
  rows: readonly WaitingRow[],
): Promise<Map<string, number>> {
  const flows = new Map(rows.map((row) => [flowOf(row), row]));
  const served = new Map<string, number>();
  if (flows.size < 2) return served;
  for (const [flow, { workspace, band }] of [...flows].slice(0, MAX_FLOWS)) {
    const last = await ctx.db
      .query("leases")
      .withIndex("by_flow", (q) =>
        q.eq("lane", lane).eq("workspace", workspace).eq("band", band).gt("served", -1),
      )
      .order("desc")
      .first();
    if (last?.served !== undefined) served.set(flow, last.served);
  }
  return served;
}

/** Another worker's claim counts as company for this long. */
const COMPANY_MS = 2_000;

/** Whether the newest claim is another worker's and a moment old. One document. */
async function hasCompany(ctx: QueryCtx, worker: string, now: number): Promise<boolean> {
  const newest = await ctx.db.query("leases").order("desc").first();
  return newest !== null && newest.worker !== worker && newest._creationTime > now - COMPANY_MS;
}

/** The newest published line, whoever is replacing it: stale reads disturb nobody. */
export const newestLine = (ctx: QueryCtx, now: number): Promise<Doc<"lines"> | null> =>
  ctx.db
    .query("lines")
    .withIndex("by_until", (q) => q.gt("until", now))
    .order("desc")
    .first();

export const armed = asQuery({ args: { reapAt: v.number() }, returns: v.boolean() })((ctx, { reapAt }) =>
  isArmed(ctx, reapAt),
);

async function isArmed(ctx: QueryCtx, at: number): Promise<boolean> {
  const alarm = await ctx.db
    .query("alarms")
    .withIndex("by_kind", (q) => q.eq("kind", "reap").eq("at", at))
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
