/** Reads `agentProfiles`. */
import type { QueryCtx } from "../../component/_generated/server.js";

/** The profile of that key, or null. One document read. */
export const findAgent = (ctx: QueryCtx, agentKey: string) =>
  ctx.db
    .query("agentProfiles")
    .withIndex("by_agentKey", (q) => q.eq("agentKey", agentKey))
    .unique();
