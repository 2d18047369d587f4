/**
 * Who is rung for what is ready. In this order: workers rung a moment ago that did not answer yet (they are on their way, and a
 * second worker would come for nothing), idle ones that polled last, and, when nobody else is left, ones that did not react.
 * Read on a stale snapshot: it writes nothing and the claim decides.
 */
import { asQuery } from "../functions.js";
import { v, type Infer } from "convex/values";
import type { QueryCtx } from "../../component/_generated/server.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import { AFTER_OWNED_POOLS, poolOf } from "../../policy/queue/lane.js";
import { loadRuntime } from "../config/runtime.js";
import { newestLease } from "./reads.js";
import { findWorker } from "./register.js";
import { findWake } from "./wakeRow.js";

/** A worker that was rung needs a message to it, a claim and its answer: some hundred ms. Then the next one is rung. */
const REACTION_MS = 1_000;
const MAX_RINGS = 64;
/** Workers looked at in one pass; with few ready conversations it ends long before. */
const MAX_SEEN = 256;

export const vWaitingHead = v.object({ lane: v.string(), workspace: v.string(), readyAt: v.number() });
export type WaitingHead = Infer<typeof vWaitingHead>;
const vRing = v.object({
  worker: v.string(),
  /** onItsWay: it was rung for this already; again: it was rung, and this came later; deaf: it did not react to its last ring. */
  expected: v.union(v.literal("onItsWay"), v.literal("again"), v.literal("soon"), v.literal("deaf")),
});
export type Ring = Infer<typeof vRing>;

export const choose = asQuery({
  args: { waiting: v.array(vWaitingHead), now: v.number() },
  returns: v.array(vRing),
})(async (ctx, { waiting, now }) => {
  const { staleAfterMs } = (await loadRuntime(ctx)).policies.lease;
  const rings: Ring[] = await ownersOfReady(ctx, now);
  const open = [...waiting];
  const seen = new Set(rings.map((ring) => ring.worker));
  const full = () => open.length === 0 || rings.length >= MAX_RINGS;
  /** Gives the worker the first conversation it may take. */
  const pair = (worker: Doc<"workers">, expect: (readyAt: number) => Ring["expected"]): void => {
    const index = open.findIndex(
      ({ lane, workspace }) =>
        worker.lanes.includes(lane) && (worker.workspace === undefined || worker.workspace === workspace),
    );
    if (index < 0) return;
    const [head] = open.splice(index, 1);
    rings.push({ worker: worker.workerId, expected: expect(head?.readyAt ?? now) });
  };

  const lately = await ctx.db
    .query("wakes")
    .withIndex("by_at", (q) => q.gt("at", now - REACTION_MS))
    .take(MAX_SEEN);
  for (const wake of lately) {
    if (full()) break;
    const idle = seen.has(wake.worker) ? null : await idleWorker(ctx, wake.worker);
    if (!idle || idle.claimedAt > wake.at) continue;
    seen.add(wake.worker);
    pair(idle.worker, (readyAt) => (readyAt > wake.at ? "again" : "onItsWay"));
  }

  const deaf: { worker: Doc<"workers">; at: number }[] = [];
  if (!full()) {
    let left = MAX_SEEN;
    // The freshest first: a busy worker writes no beat, so those who polled last are the idle ones.
    for await (const beat of ctx.db
      .query("beats")
      .withIndex("by_alive", (q) => q.gt("aliveUntil", now))
      .order("desc")) {
      if (full() || left-- === 0) break;
      const idle = seen.has(beat.worker) ? null : await idleWorker(ctx, beat.worker);
      if (!idle) continue;
      const wake = await findWake(ctx, beat.worker);
      const signAt = Math.max(idle.claimedAt, beat.aliveUntil - staleAfterMs);
      if (wake && wake.at > signAt) deaf.push({ worker: idle.worker, at: wake.at });
      else pair(idle.worker, () => "soon");
    }
  }
  for (const { worker } of deaf.sort((a, b) => a.at - b.at)) {
    if (full()) break;
    pair(worker, () => "deaf");
  }
  return rings;
});

/** The worker if it listens and could take any conversation now, and when it claimed last. */
async function idleWorker(
  ctx: QueryCtx,
  workerId: string,
): Promise<{ worker: Doc<"workers">; claimedAt: number } | null> {
  const worker = await findWorker(ctx, workerId);
  if (worker?.listens !== true || worker.status !== "active" || worker.binding) return null;
  const lease = await newestLease(ctx, workerId);
  return lease?.state === "live" ? null : { worker, claimedAt: lease?._creationTime ?? 0 };
}

/** Conversations that only their owner may take. It is idle: it would hold this one otherwise. */
async function ownersOfReady(ctx: QueryCtx, now: number): Promise<Ring[]> {
  const rows = await ctx.db
    .query("conversations")
    .withIndex("by_ready", (q) =>
      q.eq("state", "ready").gte("pool", poolOf("", "")).lt("pool", AFTER_OWNED_POOLS),
    )
    .take(MAX_RINGS);
  const rings: Ring[] = [];
  for (const { owner } of rows) {
    const worker = owner === undefined ? null : await findWorker(ctx, owner);
    if (worker?.listens !== true || worker.status !== "active") continue;
    const wake = await findWake(ctx, worker.workerId);
    const claimedAt = (await newestLease(ctx, worker.workerId))?._creationTime ?? 0;
    const unanswered = wake !== null && wake.at > claimedAt;
    const expected = !unanswered ? "soon" : wake.at > now - REACTION_MS ? "onItsWay" : "deaf";
    rings.push({ worker: worker.workerId, expected });
  }
  return rings;
}
