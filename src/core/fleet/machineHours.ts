/** The meter: machine time per UTC day. Living machines are counted from their rows, so that nothing is written while they live. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";

const DAY_MS = 86_400_000;

/** The UTC day of a time, `YYYY-MM-DD`. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);

const findDay = (ctx: QueryCtx, day: string) =>
  ctx.db
    .query("machineHours")
    .withIndex("by_day", (q) => q.eq("day", day))
    .unique();

/** Machine time of one day so far: of machines that are gone, and of the living ones. One document besides `live`. */
export async function usedOn(
  ctx: QueryCtx,
  day: string,
  live: readonly Doc<"machines">[],
  now: number,
): Promise<number> {
  const gone = (await findDay(ctx, day))?.usedMs ?? 0;
  return live.reduce((sum, row) => sum + overlapMs(row.launchedAt, now, day), gone);
}

/** Adds a machine's whole life to the days it touched. A machine lives a few days at most (`fleet.maxMachineAgeMs`). */
export async function meterEnded(ctx: MutationCtx, launchedAt: number, endedAt: number): Promise<void> {
  const first = Math.max(startOf(dayOf(launchedAt)), startOf(dayOf(endedAt)) - 31 * DAY_MS);
  for (let at = first; at <= endedAt; at += DAY_MS) {
    const day = dayOf(at);
    const usedMs = overlapMs(launchedAt, endedAt, day);
    const row = await findDay(ctx, day);
    if (row) await ctx.db.patch(row._id, { usedMs: row.usedMs + usedMs });
    else await ctx.db.insert("machineHours", { day, usedMs });
  }
}

function overlapMs(from: number | undefined, to: number, day: string): number {
  if (from === undefined) return 0;
  const start = startOf(day);
  return Math.max(0, Math.min(to, start + DAY_MS) - Math.max(from, start));
}
