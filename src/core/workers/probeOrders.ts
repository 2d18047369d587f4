/** What a worker is asked to check. Never more than a kind of a fixed list and a target. */
import { MAX_OPEN_PROBES, type ProbeOrder } from "../../contract/probes.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/** At most four rows. The sweep takes out those whose time is over. */
export const waitingProbes = (ctx: QueryCtx, workerId: string): Promise<Doc<"probes">[]> =>
  ctx.db
    .query("probes")
    .withIndex("by_worker_status", (q) => q.eq("workerId", workerId).eq("status", "waiting"))
    .take(MAX_OPEN_PROBES);

export const orderOf = ({ _id, kind, target, timeoutMs }: Doc<"probes">): ProbeOrder => ({
  probeId: _id,
  kind,
  target: target ?? null,
  timeoutMs,
});
