/**
 * The look of the scheduler, off the hot path. It brings the stored order of each lane up to date, publishes what it saw for
 * those who come after it (`line.ts`), rings idle workers and wakes the fleet. It comes shortly after something became ready,
 * every half second while a worker that was rung should be on its way, every 5 s while anything waits, and once more 20 s
 * after one that stood for an alarm saw nothing: an arrival that relied on a look that had begun already has committed by then.
 *
 * One at a time matters: a look deletes every alarm that it saw, so of several handlers one looks and the others find their
 * alarm gone.
 */
import { asMutation, asQuery } from "../functions.js";
import { v, type Infer } from "convex/values";
import { AFTER_OWNED_POOLS } from "../../policy/queue/lane.js";
import { flowOf, placesOf, virtualTime } from "../../policy/queue/place.js";
import { leastLookedAt } from "../../policy/queue/share.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { wakeFleetForReady } from "../signals/fleet.js";
import { newestLease } from "../workers/reads.js";
import { ringForReady } from "../workers/wakeRing.js";
import { askToYield } from "../workers/yielding.js";
import { LOOK_AHEAD_MS } from "../line/alarms.js";
import { around, firstOfNextTenant } from "../bounds/around.js";
import { planLook, takeAlarm } from "./handledAlarms.js";
import { newestLine, servedTicks } from "./discover.js";
import { laneIn, LINE_LIFE_MS, publishLine } from "../line/line.js";

/** Looks and lines lie on a grid, so that those who plan the same one meet. */
const LOOK_GRID_MS = 500;
const LINE_GRID_MS = 250;
/** A look lasts less than this: nobody who arrives meanwhile reads as far as where it inserts. */
const SLACK_MS = 200;
const CONFIRM_MS = 20_000;
/** Longer than any transaction lives: nobody can still rely on a line that ended so long ago. */
const FORGET_LINES_MS = 60_000;
const MAX_LANES_SEEN = 32;
const ROWS_PER_LANE = 64;
/** Workspaces whose first rows are looked at although others' fill the lane. */
const MAX_TENANTS = 32;
const MAX_ALARMS = 100;
/** Most of the first rows of a lane that are left where they stand. */
const ROWS_ABOUT_TO_GO = 8;
/** As many as make a difference to a claim (`windowFor`). */
const MAX_CLAIMERS = 16;
/** Among these, those who asked last, the claimers are looked for. */
const MAX_ASKING = 64;
/** Who claimed longer ago than this is at work and does not claim soon. */
const CLAIMED_LATELY_MS = 10_000;
/** Workers have come since the last look: the next one counts them again. */
const WHILE_GROWING_MS = 1_000;

const vRow = v.object({
  id: v.id("conversations"),
  lane: v.string(),
  workspace: v.string(),
  band: v.number(),
  start: v.number(),
  priority: v.number(),
  readyAt: v.number(),
});
type SeenRow = Infer<typeof vRow>;
const vLane = v.object({
  lane: v.string(),
  rows: v.array(vRow),
  /** Flows by name (`flowOf`) and when each was served last. Workspaces are free text, so they are no keys. */
  served: v.array(v.object({ flow: v.string(), tick: v.number() })),
  lastTenant: v.string(),
});
type SeenLane = Infer<typeof vLane>;

/** Everything a look goes by; stale, so that arrivals and claims do not retry it. Pools of owners need no order. */
export const waiting = asQuery({
  args: { now: v.number() },
  returns: v.object({
    lanes: v.array(vLane),
    claimers: v.array(v.string()),
    /** Whether there were fewer, as last published. */
    growing: v.boolean(),
    /** Alarms that this look stands for, and lines that ended long ago. */
    alarms: v.array(v.id("alarms")),
    oldLines: v.array(v.id("lines")),
  }),
})(async (ctx, { now }) => {
  const alarms = await ctx.db
    .query("alarms")
    .withIndex("by_kind", (q) => q.eq("kind", "pass"))
    .take(MAX_ALARMS);
  const looks = await ctx.db
    .query("alarms")
    .withIndex("by_kind", (q) => q.eq("kind", "look").lte("at", now))
    .take(MAX_ALARMS);
  const lines = await ctx.db
    .query("lines")
    .withIndex("by_until", (q) => q.lt("until", now - FORGET_LINES_MS))
    .take(MAX_ALARMS);
  const claimers = await findClaimers(ctx, now);
  // The last look's own line, which has just ended.
  const last = await ctx.db.query("lines").withIndex("by_until").order("desc").first();
  return {
    lanes: await lanesWithWork(ctx, last),
    claimers,
    growing: claimers.length > ((await newestLine(ctx, now))?.claimers.length ?? 0),
    alarms: [...alarms, ...looks].map(({ _id }) => _id),
    oldLines: lines.map(({ _id }) => _id),
  };
});

/** Those that the fleet serves, then the others in rotation: behind the one that was looked at last comes the next. */
async function lanesWithWork(ctx: QueryCtx, line: Doc<"lines"> | null): Promise<SeenLane[]> {
  const { fleet } = (await loadRuntime(ctx)).policies;
  const seen = new Set<string>();
  const lanes: SeenLane[] = [];
  const look = async (lane: string) => {
    if (seen.has(lane)) return;
    seen.add(lane);
    const { rows, lastTenant } = await rowsOfLane(ctx, lane, laneIn(line, lane)?.lastTenant ?? "");
    if (rows.length === 0) return;
    const served = [...(await servedTicks(ctx, lane, rows))].map(([flow, tick]) => ({ flow, tick }));
    lanes.push({ lane, rows: rows.map(seenRow), served, lastTenant });
  };
  for (const lane of fleet.lanes) await look(lane);
  const start = line?.lanes.at(-1)?.lane ?? "";
  await around(start, async (after) => {
    if (lanes.length >= MAX_LANES_SEEN) return null;
    const first = await readyBehind(ctx, after);
    if (first && first.pool !== first.lane) return AFTER_OWNED_POOLS;
    if (first) await look(first.lane);
    return first?.lane;
  });
  return lanes;
}

const readyBehind = (ctx: QueryCtx, pool: string) =>
  ctx.db
    .query("conversations")
    .withIndex("by_ready", (q) => q.eq("state", "ready").gt("pool", pool))
    .first();

/**
 * The first rows as stored, and the first of each workspace that does not come before those: some after `lastTenant`, around once.
 * `lastTenant` of the result: where the next look goes on.
 */
async function rowsOfLane(
  ctx: QueryCtx,
  lane: string,
  lastTenant: string,
): Promise<{ rows: Doc<"conversations">[]; lastTenant: string }> {
  const rows = await ctx.db
    .query("conversations")
    .withIndex("by_ready", (q) => q.eq("state", "ready").eq("pool", lane))
    .take(ROWS_PER_LANE);
  if (rows.length < ROWS_PER_LANE) return { rows, lastTenant: "" };
  const seen = new Set(rows.map(({ workspace }) => workspace));
  let tenants = 0;
  let last = lastTenant;
  await around(lastTenant, async (after) => {
    if (tenants === MAX_TENANTS) return null;
    const first = await firstOfNextTenant(ctx, lane, after);
    if (!first) return undefined;
    tenants += 1;
    last = first.workspace;
    if (!seen.has(last)) rows.push(first);
    return last;
  });
  return { rows, lastTenant: last };
}

const seenRow = ({ _id, ...row }: Doc<"conversations">): SeenRow => ({
  id: _id,
  lane: row.lane,
  workspace: row.workspace,
  band: row.band,
  start: row.start,
  priority: row.priority,
  readyAt: row.readyAt,
});

/** Workers that claimed or asked for work lately, up to a bound, the latest first; without those that are at work for longer. */
async function findClaimers(ctx: QueryCtx, now: number): Promise<string[]> {
  const claimers = new Set<string>();
  const latest = await ctx.db.query("leases").order("desc").take(MAX_CLAIMERS);
  for (const { worker, _creationTime } of latest)
    if (_creationTime > now - CLAIMED_LATELY_MS) claimers.add(worker);
  const asking = ctx.db.query("beats").withIndex("by_alive", (q) => q.gt("aliveUntil", now));
  let left = MAX_ASKING;
  for await (const { worker } of asking.order("desc")) {
    if (claimers.size >= MAX_CLAIMERS || left-- === 0) break;
    if ((await newestLease(ctx, worker))?.state !== "live") claimers.add(worker);
  }
  return [...claimers];
}

/** `alarm`: what it was started by; it does nothing when another look stood for that already. */
export const observe = asMutation({
  args: { alarm: v.optional(v.id("alarms")), confirming: v.optional(v.boolean()) },
  returns: v.null(),
})(async (ctx, { alarm, confirming = false }) => {
  const own = alarm === undefined ? null : await takeAlarm(ctx, alarm);
  if (alarm !== undefined && own === null) return null;
  const now = Date.now();
  const seen: {
    lanes: SeenLane[];
    claimers: string[];
    growing: boolean;
    alarms: Id<"alarms">[];
    oldLines: Id<"lines">[];
  } = await ctx.runQuery(internal.queue.findWaiting, { now }, { useStaleSnapshot: true });
  for (const id of seen.alarms) await takeAlarm(ctx, id);
  for (const id of seen.oldLines) if (await ctx.db.get(id)) await ctx.db.delete(id);
  const aboutToGo = Math.min(ROWS_ABOUT_TO_GO, leastLookedAt(seen.claimers));
  for (const lane of seen.lanes) await updateOrder(ctx, lane, aboutToGo);
  const heads = seen.lanes.flatMap(({ rows }) =>
    rows.map(({ lane, workspace, readyAt }) => ({ lane, workspace, readyAt })),
  );
  const expecting = await ringForReady(ctx, heads);
  await askToYield(ctx, heads);
  if (heads.length > 0) await wakeFleetForReady(ctx, Math.max(...heads.map(({ readyAt }) => readyAt)));
  // One that took alarms stood for other looks, and somebody may have relied on those.
  await lookAgain(ctx, seen, { now, expecting, confirming: confirming && seen.alarms.length === 0 });
  return null;
});

const ticksOf = (served: SeenLane["served"]) => new Map(served.map(({ flow, tick }) => [flow, tick]));

/**
 * Brings the stored order of a lane up to date. The rows that are about to be taken are left alone: whoever takes one looks at
 * them all and orders them itself. No more than those: a row that no claim looks at waits for its place to be put right, and one
 * that came while no line was published stands as far behind as the clock is ahead of the lane. Where one flow has the lane to
 * itself the order of arrival is right.
 */
async function updateOrder(ctx: MutationCtx, { rows, served }: SeenLane, aboutToGo: number): Promise<void> {
  if (new Set(rows.map(flowOf)).size < 2) return;
  const first = new Set(rows.slice(0, aboutToGo));
  for (const { row, start } of placesOf(rows, ticksOf(served))) {
    if (first.has(row)) continue;
    const current = await ctx.db.get(row.id);
    if (current?.state !== "ready" || current.start !== row.start) continue;
    await ctx.db.patch(current._id, { start, rank: start - current.priority });
  }
}

/** Says what was seen, and plans the next look. */
async function lookAgain(
  ctx: MutationCtx,
  { lanes, claimers, growing }: { lanes: SeenLane[]; claimers: string[]; growing: boolean },
  { now, expecting, confirming }: { now: number; expecting: boolean; confirming: boolean },
): Promise<void> {
  const until = onGrid(now + LINE_LIFE_MS + SLACK_MS, LINE_GRID_MS);
  if (lanes.length > 0) {
    await publishLine(ctx, {
      until,
      claimers,
      lanes: lanes.map(({ lane, rows, served, lastTenant }) => ({
        lane,
        lastTenant,
        virtual: virtualTime(rows, ticksOf(served)),
        saturated: expecting ? [] : [...new Set(rows.map(({ workspace }) => workspace))],
      })),
    });
  }
  if (expecting) await planLook(ctx, onGrid(now + LOOK_AHEAD_MS + SLACK_MS, LOOK_GRID_MS));
  else if (lanes.length > 0) {
    // Those who rely on the line count on this very look, whatever one before it sees.
    await planLook(ctx, until);
    if (growing) await planLook(ctx, onGrid(now + WHILE_GROWING_MS, LOOK_GRID_MS));
  } else if (!confirming)
    await ctx.scheduler.runAfter(CONFIRM_MS, internal.queue.observe, { confirming: true });
}

const onGrid = (at: number, gridMs: number): number => Math.ceil(at / gridMs) * gridMs;
