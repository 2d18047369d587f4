/** What the fleet owes the clock: lost wake-ups, the hourly look for forgotten machines, volumes and rows past their time. */
import { asQuery, asAction } from "../functions.js";
import { v } from "convex/values";
import { internal } from "../../component/_generated/api.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { vProviderConfig } from "../../contract/queue.js";
import { loadProviderConfig } from "../config/provider.js";
import { loadRuntime } from "../config/runtime.js";
import { providerFor } from "./credentials.js";
import { failureOf } from "./launch.js";
import { readFleetState, wakeFleet } from "./state.js";

const LIST_IDLE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
const KEEP_MACHINES_MS = 30 * DAY_MS;
const KEEP_HOURS_MS = 400 * DAY_MS;
const BATCH = 20;

/** Once per cron period. Returns how much there was to do. */
export async function sweepFleet(ctx: MutationCtx): Promise<number> {
  const now = Date.now();
  if ((await loadProviderConfig(ctx)) === null) return 0;
  const state = await readFleetState(ctx);
  // A pass that is overdue was lost with its action; `wakeFleet` sees that and orders another.
  const { fleet } = (await loadRuntime(ctx)).policies;
  const overdue = state?.passAt !== undefined && state.passAt < now - fleet.stepDeadlineMs;
  const died = state?.runningSince !== undefined && state.runningSince < now - fleet.stepDeadlineMs;
  const unlisted = now - (state?.lastListedAt ?? 0) >= LIST_IDLE_EVERY_MS;
  if (overdue || died || unlisted) await wakeFleet(ctx, now);
  const volumes = await dueVolumes(ctx, now);
  return volumes + (await oldRows(ctx, now));
}

async function dueVolumes(ctx: MutationCtx, now: number): Promise<number> {
  const due = await ctx.db
    .query("quarantinedVolumes")
    .withIndex("by_deleteAfter", (q) => q.lt("deleteAfter", now))
    .take(BATCH);
  for (const volume of due) {
    // Asked again in an hour, until the provider has taken the order.
    await ctx.db.patch(volume._id, { deleteAfter: now + LIST_IDLE_EVERY_MS });
    if (volume.takenBy === undefined)
      await ctx.scheduler.runAfter(0, internal.cloud.deleteVolume, { volume: volume._id });
  }
  return due.length;
}

async function oldRows(ctx: MutationCtx, now: number): Promise<number> {
  const machines = await ctx.db
    .query("machines")
    .withIndex("by_ended", (q) => q.eq("live", false).lt("stoppedAt", now - KEEP_MACHINES_MS))
    .take(BATCH);
  for (const row of machines) {
    const worker = await ctx.db
      .query("workers")
      .withIndex("by_workerId", (q) => q.eq("workerId", row.worker))
      .unique();
    if (worker?.status === "stopped") await ctx.db.delete(worker._id);
    await ctx.db.delete(row._id);
  }
  const before = new Date(now - KEEP_HOURS_MS).toISOString().slice(0, 10);
  const days = await ctx.db
    .query("machineHours")
    .withIndex("by_day", (q) => q.lt("day", before))
    .take(BATCH);
  for (const row of days) await ctx.db.delete(row._id);
  return machines.length + days.length;
}

export const volumeOf = asQuery({
  args: { volume: v.id("quarantinedVolumes") },
  returns: v.union(v.null(), v.object({ config: vProviderConfig, volumeId: v.string() })),
})(async (ctx, { volume }) => {
  const row = await ctx.db.get(volume);
  const config = await loadProviderConfig(ctx);
  if (!row || !config || row.takenBy !== undefined) return null;
  return { config: { ...config, appName: row.appName }, volumeId: row.volumeId };
});

/** The retention of unsaved memory is over. */
export const deleteVolume = asAction({ args: { volume: v.id("quarantinedVolumes") }, returns: v.null() })(
  async (ctx, { volume }) => {
    const due = await ctx.runQuery(internal.fleet.quarantinedVolume, { volume });
    if (!due) return null;
    try {
      await (await providerFor(ctx, due.config, {})).deleteVolume(due.volumeId);
      await ctx.runMutation(internal.fleet.forgetVolume, { volumeId: due.volumeId });
    } catch (error) {
      console.warn(`fleet.quarantineNotDeleted code=${failureOf(error).code}`);
    }
    return null;
  },
);
