/**
 * The scheduler's pass, off the hot path and single-flight by its alarm. It repairs what a conflict-free write cannot know
 * (places that simultaneous enqueues took together). It looks 250 ms after it was woken, every 5 s while anything waits, and
 * once more 20 s after it saw nothing: an enqueue that overlapped the taking of its alarm has committed by then.
 */
import { asMutation, asQuery } from "../functions.js";
import { v, type Infer } from "convex/values";
import { AFTER_OWNED_POOLS } from "../../policy/queue/lane.js";
import { respace } from "../../policy/queue/place.js";
import { internal } from "../../component/_generated/api.js";

import { wakeFleetForReady } from "../fleet/wake.js";
import { ringForReady } from "../workers/wakeRing.js";
import { askToYield } from "../workers/yielding.js";
import { setAlarmUnlessSet, takeAlarms } from "./alarms.js";

const OBSERVE_AFTER_MS = 250;
const AGAIN_MS = 5_000;
/** While a worker that was rung should be on its way; with `OBSERVE_AFTER_MS` the next look comes after 500 ms. */
const SOON_MS = 250;
const CONFIRM_MS = 20_000;
const MAX_LANES_SEEN = 32;
const ROWS_PER_LANE = 64;

export const onAlarm = asMutation({ args: { alarm: v.id("alarms") }, returns: v.null() })(async (
  ctx,
  { alarm },
) => {
  if (await takeAlarms(ctx, "pass", alarm, Date.now())) {
    await ctx.scheduler.runAfter(OBSERVE_AFTER_MS, internal.queue.observe, { confirming: false });
  }
  return null;
});

const vRow = v.object({
  id: v.id("conversations"),
  lane: v.string(),
  workspace: v.string(),
  band: v.number(),
  start: v.number(),
  readyAt: v.number(),
});
type WaitingRow = Infer<typeof vRow>;

/** The first rows of each lane that has any; stale, so that arrivals do not retry the pass. Pools of owners need no order. */
export const waiting = asQuery({ args: {}, returns: v.array(v.array(vRow)) })(async (ctx) => {
  const lanes: WaitingRow[][] = [];
  let after = "";
  while (lanes.length < MAX_LANES_SEEN) {
    const first = await ctx.db
      .query("conversations")
      .withIndex("by_ready", (q) => q.eq("state", "ready").gt("pool", after))
      .first();
    if (!first) break;
    if (first.owner !== undefined && first.pool !== first.lane) {
      after = AFTER_OWNED_POOLS;
      continue;
    }
    after = first.pool;
    const rows = await ctx.db
      .query("conversations")
      .withIndex("by_ready", (q) => q.eq("state", "ready").eq("pool", after))
      .take(ROWS_PER_LANE);
    lanes.push(
      rows.map(({ _id, lane, workspace, band, start, readyAt }) => ({
        id: _id,
        lane,
        workspace,
        band,
        start,
        readyAt,
      })),
    );
  }
  return lanes;
});

export const observe = asMutation({ args: { confirming: v.boolean() }, returns: v.null() })(async (
  ctx,
  { confirming },
) => {
  const lanes: WaitingRow[][] = await ctx.runQuery(
    internal.queue.findWaiting,
    {},
    { useStaleSnapshot: true },
  );
  for (const rows of lanes) {
    const seen = new Map(rows.map((row) => [row.id as string, row]));
    for (const move of respace(rows)) {
      const row = seen.get(move.id);
      const current = row && (await ctx.db.get(row.id));
      if (current?.state !== "ready" || current.start !== row?.start) continue;
      await ctx.db.patch(current._id, { start: move.start, rank: move.start - current.priority });
    }
  }
  const heads = lanes.flat().map(({ lane, workspace, readyAt }) => ({ lane, workspace, readyAt }));
  const expecting = await ringForReady(ctx, heads);
  await askToYield(ctx, heads);
  if (lanes.length > 0) await wakeFleetForReady(ctx, Math.max(...lanes.flat().map(({ readyAt }) => readyAt)));
  if (expecting) await setAlarmUnlessSet(ctx, "pass", gridAfter(Date.now() + SOON_MS, SOON_MS));
  else if (lanes.length > 0) await setAlarmUnlessSet(ctx, "pass", gridAfter(Date.now() + AGAIN_MS, AGAIN_MS));
  else if (!confirming)
    await ctx.scheduler.runAfter(CONFIRM_MS, internal.queue.observe, { confirming: true });
  return null;
});

const gridAfter = (at: number, gridMs: number): number => Math.ceil(at / gridMs) * gridMs;
