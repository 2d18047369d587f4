/** Counts for the view of one user's agent. */
import type { QueryCtx } from "../../component/_generated/server.js";
import { readBounded } from "../bounds/bounded.js";

const MAX_COUNTED = 200;
/** Those of a conversation are counted in the same call. */
const MAX_BYTES = 2 * 1024 * 1024;

/** Each count stops at 200, that of jobs with very long texts earlier. */
export async function pushStatsOfAgent(
  ctx: QueryCtx,
  { consumerUserId, agentKey }: { consumerUserId: string; agentKey: string },
): Promise<{
  totalPushJobs: number;
  activePushJobs: number;
  totalDispatches: number;
  latestDispatchAt: number | null;
}> {
  const newestFirst = ctx.db
    .query("messagePushJobs")
    .withIndex("by_agent", (q) => q.eq("consumerUserId", consumerUserId).eq("agentKey", agentKey))
    .order("desc");
  const { rows: jobs } = await readBounded(newestFirst, MAX_COUNTED, MAX_BYTES);
  const dispatches = await ctx.db
    .query("messagePushDispatches")
    .withIndex("by_agent", (q) => q.eq("consumerUserId", consumerUserId).eq("agentKey", agentKey))
    .order("desc")
    .take(MAX_COUNTED);
  return {
    totalPushJobs: jobs.length,
    activePushJobs: jobs.filter((job) => job.enabled).length,
    totalDispatches: dispatches.length,
    latestDispatchAt: dispatches[0]?.createdAt ?? null,
  };
}
