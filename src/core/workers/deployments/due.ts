/** What is due of reports and meters, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import { monthOf } from "../../../policy/deployments/month.js";
import type { QueryCtx } from "../../../component/_generated/server.js";

const KEEP_MONTHS_MS = 400 * 86_400_000;

/** Closed meters have no `dueAt` and sort before all numbers: the lower bound leaves them out. */
export const dueMeters = (ctx: QueryCtx, now: number) =>
  ctx.db.query("workerHours").withIndex("by_due", (q) => q.gt("dueAt", 0).lt("dueAt", now));

export const oldMeters = (ctx: QueryCtx, now: number) =>
  ctx.db.query("workerHours").withIndex("by_month", (q) => q.lt("month", monthOf(now - KEEP_MONTHS_MS)));

export const dueReports = (ctx: QueryCtx, now: number) =>
  ctx.db.query("workerReports").withIndex("by_keepUntil", (q) => q.lt("keepUntil", now));
