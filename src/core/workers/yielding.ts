/**
 * Workers that somebody else runs give way too: when a conversation waits and every worker that could take it holds another
 * one's data directory, the longest-idle of them is asked to save and release it; when none is idle and the wait is long, the
 * one that has held its conversation longest is, after its turn. Whoever does not give way in time is left alone for the next one. Launched machines are drained by the fleet instead.
 */
import { asQuery } from "../functions.js";
import { v } from "convex/values";
import { internal } from "../../component/_generated/api.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { living } from "./living.js";
import { newestLease } from "./reads.js";
import { findWorker } from "./register.js";
import { vWaitingHead, type WaitingHead } from "./wakeChoice.js";
import { askToRelease } from "./wakeRing.js";
import { canServe } from "../../policy/queue/canServe.js";
import { RELEASE_WITHIN_MS } from "../../policy/worker/release.js";

/** Workers looked at in one pass. */
const MAX_SEEN = 100;
/** Requests of others, looked through for one that is still to be heeded. */
const MAX_ASKED = 256;

/** Asks at most one worker per pass; the next pass sees whether that was enough. */
export async function askToYield(ctx: MutationCtx, waiting: WaitingHead[]): Promise<void> {
  if (waiting.length === 0) return;
  const chosen: Id<"workers"> | null = await ctx.runQuery(
    internal.queue.chooseYielding,
    { waiting, now: Date.now(), random: Math.random() },
    { useStaleSnapshot: true },
  );
  const worker = chosen && (await ctx.db.get(chosen));
  if (!worker?.binding || worker.status !== "active") return;
  await askToRelease(ctx, worker, worker.binding);
}

export const chooseYielding = asQuery({
  /** `random`: a draw from 0..1, with which those looked at change when there are too many. */
  args: { waiting: v.array(vWaitingHead), now: v.number(), random: v.number() },
  returns: v.union(v.null(), v.id("workers")),
})(async (ctx, { waiting, now, random }) => {
  const { fleet } = (await loadRuntime(ctx)).policies;
  const impatient = waiting.filter(({ readyAt }) => readyAt + fleet.yieldIdleAfterMs <= now);
  if (impatient.length === 0) return null;
  if (await isOneAsked(ctx, impatient, now)) return null;
  const idle: { worker: Doc<"workers">; since: number }[] = [];
  const busy: { worker: Doc<"workers">; since: number }[] = [];
  for await (const { worker: workerId } of living(ctx, { now, random, most: MAX_SEEN })) {
    const worker = await findWorker(ctx, workerId);
    if (!isElsewhere(worker)) continue;
    const wanted = impatient.filter((head) => canServe(worker, head));
    if (wanted.length === 0) continue;
    const lease = await newestLease(ctx, workerId);
    if (!worker.binding && lease?.state !== "live") return null;
    if (!worker.binding) continue;
    // One that does not give way in time (its store is down, it is of an old version) holds up no other.
    if (worker.binding.askedAt !== undefined) continue;
    const hasWork = lease?.state === "live" || (await isWanted(ctx, worker.binding.conversation));
    const longWait = Math.min(...wanted.map(({ readyAt }) => readyAt)) + fleet.yieldBusyAfterMs <= now;
    const rested = (lease?.seenAt ?? 0) + fleet.yieldIdleAfterMs <= now;
    if (!hasWork && rested) idle.push({ worker, since: lease?.seenAt ?? 0 });
    else if (longWait && worker.binding.boundAt + fleet.yieldBusyAfterMs <= now)
      busy.push({ worker, since: worker.binding.boundAt });
  }
  const longest = [...(idle.length > 0 ? idle : busy)].sort((a, b) => a.since - b.since)[0];
  return longest?.worker._id ?? null;
});

/** Somebody who could take one of these was asked, and may still give way. Looked up by the request: its worker may not be among those seen. */
async function isOneAsked(ctx: QueryCtx, impatient: WaitingHead[], now: number): Promise<boolean> {
  const asked = await ctx.db
    .query("workers")
    .withIndex("by_askedAt", (q) => q.gt("binding.askedAt", now - RELEASE_WITHIN_MS))
    .order("desc")
    .take(MAX_ASKED);
  return asked.some((worker) => isElsewhere(worker) && impatient.some((head) => canServe(worker, head)));
}

/** Run by somebody else, and at work. */
const isElsewhere = (worker: Doc<"workers"> | null): worker is Doc<"workers"> =>
  worker?.provider === "external" && worker.status === "active";

async function isWanted(ctx: QueryCtx, conversation: Id<"conversations">): Promise<boolean> {
  const row = await ctx.db.get(conversation);
  return row !== null && row.state !== "idle";
}
