/**
 * Wake-ups of the fleet and notes for its next pass: plain inserts, so that no cause meets another one or a pass. Every wake-up has
 * a handler of its own (`begin`); the first one takes all that it sees, and the others find their row gone: whoever took it
 * had seen it, so its pass sees what the wake-up was for.
 */
import type { WithoutSystemFields } from "convex/server";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";

/** Sees to a pass at `at` (epoch ms) or soon after; one that begins earlier will do. */
export async function wakeFleet(ctx: MutationCtx, at: number): Promise<void> {
  const wake = await ctx.db.insert("fleetWakes", { at });
  await ctx.scheduler.runAt(at, internal.fleet.beginPass, { wake });
}

/** Heeded by the next pass, whenever that comes. */
export async function noteForPass(
  ctx: MutationCtx,
  note: WithoutSystemFields<Doc<"fleetNotes">>,
): Promise<void> {
  await ctx.db.insert("fleetNotes", note);
}

/**
 * Conversations became ready that no pass has looked at yet. One stale look: they were ready before it, so a pass whose wake-up it
 * still shows will see them too.
 */
export async function wakeFleetForReady(ctx: MutationCtx, newestReadyAt: number): Promise<void> {
  const now = Date.now();
  const { hasConfig, seenReadyAt, nextPassAt } = await glanceAtFleet(ctx);
  if (!hasConfig || (seenReadyAt !== null && seenReadyAt >= newestReadyAt)) return;
  if (nextPassAt === null || nextPassAt > now + SOON_MS) await wakeFleet(ctx, now);
}

/** A pass that is due within this time will do. */
const SOON_MS = 2_000;

export const glanceAtFleet = (ctx: MutationCtx) =>
  ctx.runQuery(internal.fleet.glance, {}, { useStaleSnapshot: true });

/** A worker lost its lease. If the fleet launched it, its machine may have died: the next pass asks the provider. */
export async function suspectMachine(ctx: MutationCtx, workerId: string): Promise<void> {
  const machine = await machineOf(ctx, workerId);
  if (!machine?.live) return;
  await noteForPass(ctx, { kind: "list" });
  await wakeFleet(ctx, Date.now());
}

/** The one machine that was ever ordered for a worker. */
export const machineOf = (ctx: QueryCtx, worker: string): Promise<Doc<"machines"> | null> =>
  ctx.db
    .query("machines")
    .withIndex("by_worker", (q) => q.eq("worker", worker))
    .unique();
