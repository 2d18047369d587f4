/**
 * Worker-hours. A worker's first claim with a token opens its row; the sweep moves it on to the worker's last sign of life and
 * closes it when the worker is gone. So metering costs a claim nothing, and a sweep that is late loses nothing.
 */
import { monthEnd, monthOf } from "../../../policy/deployments/month.js";
import type { MutationCtx } from "../../../component/_generated/server.js";
import { loadRuntime } from "../../config/runtime.js";
import { Batch } from "../../bounds/batch.js";
import { lastSignOfLife } from "../reads.js";
import { findWorker } from "../register.js";
import { dueMeters, oldMeters } from "./due.js";
import { EVERY_MS, meterOf, type Meter } from "./startMeter.js";

/** Each reads a handful of rows of its worker. */
const MOST = 100;
/** A worker that lived for less is not worth a row of its own. */
const SHORT_MS = 10 * 60_000;

/** The worker is gone; `seenAt` was its last sign of life. */
export async function stopMeter(ctx: MutationCtx, worker: string, seenAt: number): Promise<void> {
  const open = await meterOf(ctx, worker, monthOf(Date.now()));
  if (open?.dueAt !== undefined) await advance(ctx, open, seenAt, false);
}

/** Counts what is due; the number of rows touched. */
export async function sweepMeters(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  const due = await batch.take(dueMeters(ctx, now), { shares: 2, most: MOST });
  const { policies } = due.length === 0 ? { policies: null } : await loadRuntime(ctx);
  for (const meter of due) {
    const row = await findWorker(ctx, meter.worker);
    const seenAt = policies === null ? 0 : await seen(ctx, meter.worker, policies.lease.staleAfterMs);
    await advance(ctx, meter, seenAt, row !== null && row.status !== "stopped");
  }
  for (const row of await batch.take(oldMeters(ctx, now), { shares: 2 })) await ctx.db.delete(row._id);
  return batch.rows;
}

/** The last sign of life: the newest lease's, or the idle polls'. */
async function seen(ctx: MutationCtx, worker: string, staleAfterMs: number): Promise<number> {
  const beat = await ctx.db
    .query("beats")
    .withIndex("by_worker", (q) => q.eq("worker", worker))
    .unique();
  const { seenAt } = await lastSignOfLife(ctx, worker);
  return Math.max(seenAt, (beat?.aliveUntil ?? 0) - staleAfterMs);
}

/** Counts up to `until`, within the row's month; what is over goes to the next month's row. */
async function advance(ctx: MutationCtx, meter: Meter, until: number, lives: boolean): Promise<void> {
  const now = Date.now();
  const end = monthEnd(meter.month);
  const countedUntil = Math.min(Math.max(until, meter.countedUntil), end, now);
  const aliveMs = meter.aliveMs + countedUntil - meter.countedUntil;
  const over = now >= end;
  if (over && (lives || until > end)) {
    const { worker, tokenId } = meter;
    const month = monthOf(end);
    if (!(await meterOf(ctx, worker, month))) {
      const next = { worker, tokenId, month, aliveMs: 0, countedUntil: end, dueAt: now };
      await ctx.db.insert("workerHours", next);
    }
  }
  if (lives && !over) {
    await ctx.db.patch(meter._id, { aliveMs, countedUntil, dueAt: now + EVERY_MS });
  } else if (aliveMs >= SHORT_MS) {
    await ctx.db.patch(meter._id, { aliveMs, countedUntil, dueAt: undefined });
  } else {
    await fold(ctx, meter, aliveMs);
  }
}

/** Adds a short life to the token's row for such lives. */
async function fold(ctx: MutationCtx, meter: Meter, aliveMs: number): Promise<void> {
  const { tokenId, month } = meter;
  await ctx.db.delete(meter._id);
  if (aliveMs === 0) return;
  const sum = await ctx.db
    .query("workerHours")
    .withIndex("by_month", (q) => q.eq("month", month).eq("tokenId", tokenId).eq("worker", ""))
    .first();
  if (sum) await ctx.db.patch(sum._id, { aliveMs: sum.aliveMs + aliveMs });
  else {
    const countedUntil = Date.now();
    await ctx.db.insert("workerHours", { worker: "", tokenId, month, aliveMs, countedUntil });
  }
}
