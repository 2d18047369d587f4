/** The start of a worker's hours; `meter.ts` counts them. */
import { monthOf } from "../../../policy/deployments/month.js";
import type { Doc } from "../../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../../component/_generated/server.js";

export const EVERY_MS = 30 * 60_000;

export type Meter = Doc<"workerHours">;

export const meterOf = (ctx: MutationCtx, worker: string, month: string): Promise<Meter | null> =>
  ctx.db
    .query("workerHours")
    .withIndex("by_worker", (q) => q.eq("worker", worker).eq("month", month))
    .first();

/** A worker claims with this token for the first time, or again after it was gone. */
export async function startMeter(ctx: MutationCtx, worker: string, tokenId: string): Promise<void> {
  const now = Date.now();
  const month = monthOf(now);
  const known = await meterOf(ctx, worker, month);
  if (!known) {
    const dueAt = now + EVERY_MS;
    await ctx.db.insert("workerHours", { worker, tokenId, month, aliveMs: 0, countedUntil: now, dueAt });
  } else if (known.dueAt === undefined)
    await ctx.db.patch(known._id, { tokenId, countedUntil: now, dueAt: now + EVERY_MS });
}
