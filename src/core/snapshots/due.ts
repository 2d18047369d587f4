/** What is due of snapshots, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import type { QueryCtx } from "../../component/_generated/server.js";

export const dueSnapshots = (ctx: QueryCtx, now: number) => {
  const due = (status: "ready" | "uploading" | "failed" | "expired") =>
    ctx.db
      .query("dataSnapshots")
      .withIndex("by_status_and_expiresAt", (q) => q.eq("status", status).lt("expiresAt", now));
  return { ready: due("ready"), uploading: due("uploading"), failed: due("failed"), expired: due("expired") };
};
