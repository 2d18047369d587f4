/** What is wanted of a worker, and what its newest lease tells of it. */
import * as contract from "../../contract/workers.js";
import type { ProbeOrder } from "../../contract/probes.js";
import { asQuery } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { orderOf, waitingProbes } from "./probeOrders.js";
import { findWorker } from "./register.js";
import { authorizeWorker } from "./tokens/authorize.js";
import { requireOwnId } from "./whose.js";

export const getWorkerControlState = asQuery(contract.getWorkerControlState)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const worker = await findWorker(ctx, args.workerId);
  await requireOwnId(ctx, grant, worker);
  // With a good credential its first claim registers it; the published image asks this before.
  if (worker === null && !grant.trusted) return { shouldStop: false };
  return await controlStateOf(ctx, worker);
});

/** The part of a worker's row that says what is wanted of it. */
export type Wanted = Pick<Doc<"workers">, "workerId" | "status" | "binding">;

/** What the component wants of a worker besides work; null: a worker it does not know. */
export async function controlStateOf(
  ctx: QueryCtx,
  worker: Wanted | null,
): Promise<{ shouldStop: boolean; release?: boolean; probes?: ProbeOrder[] }> {
  const shouldStop = worker?.status !== "active";
  if (!worker || shouldStop) return { shouldStop };
  const release = await shouldRelease(ctx, worker);
  const probes = (await waitingProbes(ctx, worker.workerId)).map(orderOf);
  return { shouldStop, ...(release ? { release } : {}), ...(probes.length > 0 ? { probes } : {}) };
}

/** Others wait for its place, or its conversation has another owner by now: its data directory is of no more use. */
async function shouldRelease(ctx: QueryCtx, worker: Wanted): Promise<boolean> {
  if (!worker.binding) return false;
  if (worker.binding.askedAt !== undefined) return true;
  const conversation = await ctx.db.get(worker.binding.conversation);
  return (conversation?.generation ?? 0) !== worker.binding.generation;
}

/** A worker holds one lease at a time, so its newest lease tells its load. */
export async function lastSignOfLife(
  ctx: QueryCtx,
  workerId: string,
): Promise<{ load: number; seenAt: number }> {
  const lease = await newestLease(ctx, workerId);
  return { load: lease?.state === "live" ? 1 : 0, seenAt: lease?.seenAt ?? 0 };
}

export const newestLease = (ctx: QueryCtx, workerId: string): Promise<Doc<"leases"> | null> =>
  ctx.db
    .query("leases")
    .withIndex("by_worker", (q) => q.eq("worker", workerId))
    .order("desc")
    .first();
