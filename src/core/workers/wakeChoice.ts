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
import { living } from "./living.js";
import { newestLease } from "./reads.js";
import { findWorker } from "./register.js";
import { findWake } from "./wakeRow.js";
import { canServe } from "../../policy/queue/canServe.js";

/** A worker that was rung needs a message to it, a claim and its answer: some hundred ms. Then the next one is rung. */
const REACTION_MS = 1_000;
const MAX_RINGS = 64;
/** Of these, as many go to owners before the lanes' workers have their turn. */
const MAX_OWNERS_FIRST = MAX_RINGS / 2;
/** Ready conversations of owners looked at in one pass, whoever owns them. */
const MAX_OWNED = 128;
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

export const chooseWakes = asQuery({
  /** `random`: a draw from 0..1, with which those looked at change when there are too many. */
  args: { waiting: v.array(vWaitingHead), now: v.number(), random: v.number() },
  returns: v.array(vRing),
})(async (ctx, { waiting, now, random }) => {
  const { staleAfterMs } = (await loadRuntime(ctx)).policies.lease;
  const owners = await ownersOfReady(ctx, now, random);
  const rings: Ring[] = owners.slice(0, MAX_OWNERS_FIRST).filter(({ expected }) => expected !== "deaf");
  const open = [...waiting];
  const seen = new Set(owners.map((ring) => ring.worker));
  const full = () => open.length === 0 || rings.length >= MAX_RINGS;
  /** Gives the worker the first conversation it may take. */
  const pair = (worker: Doc<"workers">, expect: (readyAt: number) => Ring["expected"]): void => {
    const index = open.findIndex((head) => canServe(worker, head));
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
    // The freshest first: a busy worker writes no beat, so those who polled last are the idle ones.
    for await (const beat of living(ctx, { now, random, most: MAX_SEEN })) {
      if (full()) break;
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
  const rung = new Set(rings.map((ring) => ring.worker));
  rings.push(...owners.filter(({ worker }) => !rung.has(worker)).slice(0, MAX_RINGS - rings.length));
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

/**
 * The owners of conversations that only they may take, those that react before those that do not; of the latter, who was rung
 * longest ago comes first. Such an owner is idle: it would hold this conversation otherwise.
 */
async function ownersOfReady(ctx: QueryCtx, now: number, random: number): Promise<Ring[]> {
  const rows = await ctx.db
    .query("conversations")
    .withIndex("by_ready", (q) =>
      q.eq("state", "ready").gte("pool", poolOf("", "")).lt("pool", AFTER_OWNED_POOLS),
    )
    .take(MAX_OWNED);
  const owners = new Set(rows.flatMap(({ owner }) => owner ?? []));
  if (rows.length === MAX_OWNED) {
    // They stand by name, so those at the end are found by their signs of life.
    for await (const { worker } of living(ctx, { now, random, most: MAX_SEEN })) {
      const own = owners.has(worker) ? undefined : (await findWorker(ctx, worker))?.binding;
      const conversation = own && (await ctx.db.get(own.conversation));
      if (conversation?.state === "ready" && conversation.owner === worker) owners.add(worker);
    }
  }
  const prompt: Ring[] = [];
  const deaf: { ring: Ring; at: number }[] = [];
  for (const owner of owners) {
    const worker = await findWorker(ctx, owner);
    if (worker?.listens !== true || worker.status !== "active") continue;
    const wake = await findWake(ctx, owner);
    const claimedAt = (await newestLease(ctx, owner))?._creationTime ?? 0;
    if (wake === null || wake.at <= claimedAt) prompt.push({ worker: owner, expected: "soon" });
    else if (wake.at > now - REACTION_MS) prompt.push({ worker: owner, expected: "onItsWay" });
    else deaf.push({ ring: { worker: owner, expected: "deaf" }, at: wake.at });
  }
  return [...prompt, ...deaf.sort((a, b) => a.at - b.at).map(({ ring }) => ring)];
}
