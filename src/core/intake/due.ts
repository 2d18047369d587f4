/** What is due of what came in and was left over, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import type { QueryCtx } from "../../component/_generated/server.js";

/** How long a parked update is kept for inspection. */
const PARKED_RETENTION_MS = 30 * 86_400_000;
const ALBUM_RETENTION_MS = 86_400_000;

export const oldParked = (ctx: QueryCtx, now: number) =>
  ctx.db.query("parkedUpdates").withIndex("by_parkedAt", (q) => q.lt("parkedAt", now - PARKED_RETENTION_MS));

/** No part will come for these any more. */
export const oldAlbums = (ctx: QueryCtx, now: number) =>
  ctx.db.query("albums").withIndex("by_openUntil", (q) => q.lt("openUntil", now - ALBUM_RETENTION_MS));
