/** What the fleet owes the clock, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadProviderConfig } from "../config/runtime.js";
import { findFence } from "./fences.js";

const DAY_MS = 86_400_000;
const KEEP_MACHINES_MS = 30 * DAY_MS;
const KEEP_HOURS_MS = 400 * DAY_MS;
/** Left alone for as long as ends may still be inserted before it: the sweep then meets none. */
const ADDED_AGO_MS = 60_000;

/** No action lives this long: what one that was given up has made for a machine that is gone is there by then, and is looked for. */
export const LATECOMERS_MS = 12 * 60_000;
/** With no machine at all only a forgotten one could be found: a listing an hour is enough. */
export const LIST_IDLE_EVERY_MS = 3_600_000;

/**
 * A pass died with its action, or the provider has not been asked for an hour. While passes come, which is told by the fence, it looks
 * no further. At most 3 documents.
 */
export async function isPassMissing(ctx: QueryCtx, now: number): Promise<boolean> {
  const latest = await findFence(ctx, "pass");
  if (latest && (latest.until ?? 0) > now) return false;
  const state = await ctx.db.query("fleetState").first();
  const died = latest !== null && latest.value > (state?.endedPass ?? 0);
  const unlisted = now - (state?.lastListedAt ?? 0) >= LIST_IDLE_EVERY_MS;
  return (died || unlisted) && (await loadProviderConfig(ctx)) !== null;
}

/** Volumes whose retention is over. */
export const dueVolumes = (ctx: QueryCtx, now: number) =>
  ctx.db.query("quarantinedVolumes").withIndex("by_deleteAfter", (q) => q.lt("deleteAfter", now));

export const oldMachines = (ctx: QueryCtx, now: number) =>
  ctx.db
    .query("machines")
    .withIndex("by_ended", (q) => q.eq("live", false).lt("stoppedAt", now - KEEP_MACHINES_MS));

export const oldHours = (ctx: QueryCtx, now: number) =>
  ctx.db
    .query("machineHours")
    .withIndex("by_day", (q) => q.lt("day", new Date(now - KEEP_HOURS_MS).toISOString().slice(0, 10)));

/** Not yet in the sum of their day. Rows without `addedAt` sort before all numbers: the lower bound leaves them out. */
export const addedHours = (ctx: QueryCtx, now: number) =>
  ctx.db
    .query("machineHours")
    .withIndex("by_addedAt", (q) => q.gt("addedAt", 0).lt("addedAt", now - ADDED_AGO_MS));

/** Ended rows with a creation that may have come since the whole list begun at `listedAt`, the first to be settled first. */
export const unsettledRows = (ctx: QueryCtx, listedAt: number) =>
  ctx.db.query("machines").withIndex("by_settledAt", (q) => q.eq("live", false).gt("settledAt", listedAt));
