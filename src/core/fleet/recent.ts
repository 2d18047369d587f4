/**
 * What the last pass found, as the answer to who asks for another one a moment later. Apps let their users and cron jobs ask
 * (`startWorkers`), so asking must not cost a listing at the provider, a write or a timer each time.
 */
import { v } from "convex/values";
import type { ProviderConfig } from "../../contract/providers.js";
import { vProviderConfig } from "../../contract/providers.js";
import { loadProviderConfig, loadRuntime } from "../config/runtime.js";
import { asQuery } from "../functions.js";
import { MAX_MACHINES } from "./observe.js";
import { readFleetState } from "./state.js";
import { vProblem } from "./tables.js";

/** As two passes that nobody asks for by hand are apart. */
const RECENT_MS = 2_000;
/** With more than these waiting already, one more changes nothing about what a pass would order. */
const MAX_WAITING = 100;

/**
 * null: the last pass is longer ago, something became ready since, or the configuration is another one. `refused`: the provider
 * would not list a moment ago, whatever became ready since.
 */
export const vRecentPass = v.union(
  v.null(),
  v.object({ refused: vProblem }),
  v.object({ machines: v.number(), active: v.number(), rearmed: v.boolean() }),
);

export const recent = asQuery({
  /** `config`: what the caller would have stored. */
  args: { now: v.number(), config: v.optional(vProviderConfig) },
  returns: vRecentPass,
})(async (ctx, { now, config }) => {
  const { lastPassAt = 0, nextPassAt, refused } = await readFleetState(ctx);
  const isRefused = refused !== undefined && now - refused.at < RECENT_MS;
  if (!isRefused && now - lastPassAt >= RECENT_MS) return null;
  if (config && !isSame(config, await loadProviderConfig(ctx))) return null;
  if (isRefused) return { refused };
  const { fleet } = (await loadRuntime(ctx)).policies;
  for (const lane of fleet.lanes) {
    const waiting = await ctx.db
      .query("conversations")
      .withIndex("by_ready", (q) => q.eq("state", "ready").eq("pool", lane))
      .take(MAX_WAITING);
    if (waiting.some(({ readyAt }) => readyAt >= lastPassAt)) return null;
  }
  const live = await ctx.db
    .query("machines")
    .withIndex("by_live", (q) => q.eq("live", true))
    .take(MAX_MACHINES);
  const workers = await Promise.all(live.map(({ workerRow }) => ctx.db.get(workerRow)));
  const active = workers.filter((worker) => worker?.status === "active").length;
  return { machines: live.length, active, rearmed: nextPassAt !== undefined };
});

const isSame = (given: ProviderConfig, stored: ProviderConfig | null): boolean =>
  stored !== null &&
  (Object.keys(given) as (keyof ProviderConfig)[]).every((name) => given[name] === stored[name]);
