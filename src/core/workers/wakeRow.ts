/** What passes tell a worker. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/** The row that a worker's subscription shows; null: it was never rung, or not for a week. */
export const findWake = (ctx: Pick<QueryCtx, "db">, worker: string): Promise<Doc<"wakes"> | null> =>
  ctx.db
    .query("wakes")
    .withIndex("by_worker", (q) => q.eq("worker", worker))
    .unique();
