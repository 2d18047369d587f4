/** What is due of workers, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import type { Policies } from "../../contract/policies.js";
import type { QueryCtx } from "../../component/_generated/server.js";

const WAKES_RETENTION_MS = 7 * 86_400_000;

/** Workers without a sign of life for long. */
export const silentBeats = (ctx: QueryCtx, now: number) =>
  ctx.db.query("beats").withIndex("by_alive", (q) => q.lt("aliveUntil", now));

/** Workers that were silent for so long that they are forgotten. The lower bound leaves out those that are there. */
export const longSilent = (ctx: QueryCtx, now: number, { forgetAfterMs }: Policies["lease"]) =>
  ctx.db
    .query("workers")
    .withIndex("by_silentSince", (q) => q.gt("silentSince", 0).lt("silentSince", now - forgetAfterMs));

/** Of workers that nobody rang for a week; the next ring makes a new row. */
export const oldWakes = (ctx: QueryCtx, now: number) =>
  ctx.db.query("wakes").withIndex("by_at", (q) => q.lt("at", now - WAKES_RETENTION_MS));
