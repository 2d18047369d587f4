/** What is due of refusals, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import type { QueryCtx } from "../../../component/_generated/server.js";

export const WINDOW_MS = 60_000;

export const endedWindows = (ctx: QueryCtx, now: number) =>
  ctx.db.query("refusalWindows").withIndex("by_windowStart", (q) => q.lt("windowStart", now - WINDOW_MS));
