/**
 * The meter: machine time per UTC day. Living machines are counted from their rows, so that nothing is written while they live; the
 * end of one inserts, so that two ends do not meet; a sweep adds up.
 */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { addedHours } from "./due.js";

const DAY_MS = 86_400_000;
/** Rows of one day that are read: the sum, and what ended since the sweep. */
const MAX_ROWS = 1_000;

/** The UTC day of a time, `YYYY-MM-DD`. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/** Machine time of one day so far: of machines that are gone, and of the living ones. */
export async function usedOn(
  ctx: QueryCtx,
  day: string,
  live: readonly Doc<"machines">[],
  now: number,
): Promise<number> {
  const gone = await ctx.db
    .query("machineHours")
    .withIndex("by_day", (q) => q.eq("day", day))
    .take(MAX_ROWS);
  const usedMs = gone.reduce((sum, row) => sum + row.usedMs, 0);
  return live.reduce((sum, row) => sum + overlapMs(row.launchedAt, now, day), usedMs);
}

/** Adds a machine's whole life to the days it touched. A machine lives a few days at most (`fleet.maxMachineAgeMs`). */
export async function meterEnded(ctx: MutationCtx, launchedAt: number, endedAt: number): Promise<void> {
  const first = Math.max(startOf(dayOf(launchedAt)), startOf(dayOf(endedAt)) - 31 * DAY_MS);
  for (let at = first; at <= endedAt; at += DAY_MS) {
    const day = dayOf(at);
    const usedMs = overlapMs(launchedAt, endedAt, day);
    await ctx.db.insert("machineHours", { day, usedMs, addedAt: endedAt });
  }
}

/** Adds what was inserted to the sums of its days; the number of rows added up. */
export async function sweepMachineHours(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const added = await batch.take(addedHours(ctx, Date.now()));
  for (const day of new Set(added.map((row) => row.day))) {
    const rows = added.filter((row) => row.day === day);
    const usedMs = rows.reduce((sum, row) => sum + row.usedMs, 0);
    const known = await ctx.db
      .query("machineHours")
      .withIndex("by_day", (q) => q.eq("day", day).eq("addedAt", undefined))
      .first();
    if (known) await ctx.db.patch(known._id, { usedMs: known.usedMs + usedMs });
    else await ctx.db.insert("machineHours", { day, usedMs });
    for (const row of rows) await ctx.db.delete(row._id);
  }
  return batch.rows;
}

function overlapMs(from: number | undefined, to: number, day: string): number {
  if (from === undefined) return 0;
  const start = startOf(day);
  return Math.max(0, Math.min(to, start + DAY_MS) - Math.max(from, start));
}
