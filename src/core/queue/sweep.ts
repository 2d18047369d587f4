/**
 * The net under everything, once a minute, and retention. Each state has its own mover (`model.ts`, `wake.ts`, `reap.ts`); what
 * this finds overdue was missed by one, so every repair is logged and counted, and must be zero in every test.
 */
import { v } from "convex/values";
import { loadRuntime } from "../config/runtime.js";
import { internal } from "../../component/_generated/api.js";
import type { Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { asMutation, asQuery } from "../functions.js";
import { Batch } from "../bounds/batch.js";
import { GRACE_MS, oldLeases, oldMessages, oldTurns, overdue, queuedSince } from "./due.js";
import { arrive } from "./model.js";

/** Repairs of each kind per run; each is a transaction of its own, because it reads messages of any size. */
const MOST_REPAIRS = 200;
/** What was started must be done before the next run looks. */
const REPAIRS_TAKE_MS = 1_000;
/** Stranded messages are looked for among so many. */
const MOST_SUSPECTS = 50;

const vFound = v.object({
  leases: v.array(v.id("leases")),
  backoffs: v.array(v.id("conversations")),
  delayed: v.array(v.id("messageQueue")),
  idle: v.array(v.id("messageQueue")),
});

/**
 * Of the queued messages, which must belong to a conversation that is not idle, the oldest are looked at, and as many from a place
 * that `dice` (0..1) chooses: a backlog of any length hides none for good.
 */
export const found = asQuery({ args: { before: v.number(), dice: v.number() }, returns: vFound })(async (
  ctx,
  { before, dice },
) => {
  const { leases, backoffs, delayed } = overdue(ctx, before);
  const batch = new Batch();
  const oldest = await batch.take(queuedSince(ctx, 0, before), { shares: 3, most: MOST_SUSPECTS });
  const from = oldest[0] ? oldest[0].dueAt + dice * (before - oldest[0].dueAt) : before;
  const others = await batch.take(queuedSince(ctx, from, before), { shares: 3, most: MOST_SUSPECTS });
  const idle = new Set<Id<"messageQueue">>();
  for (const { _id, conversation } of [...oldest, ...others])
    if ((await ctx.db.get(conversation))?.state === "idle") idle.add(_id);
  return {
    leases: (await leases.take(MOST_REPAIRS)).map(({ _id }) => _id),
    backoffs: (await backoffs.take(MOST_REPAIRS)).map(({ _id }) => _id),
    delayed: (await batch.take(delayed, { shares: 3, most: MOST_REPAIRS })).map(({ _id }) => _id),
    idle: [...idle],
  };
});

/**
 * Searched on a stale snapshot, because old messages are what a busy system works off; each repair reads its row again and does nothing
 * when that has moved on. Returns how many repairs it started.
 */
export async function runNet(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const missed: typeof vFound.type = await ctx.runQuery(
    internal.upkeep.findOverdue,
    { before: Date.now() - GRACE_MS, dice: Math.random() },
    { useStaleSnapshot: true },
  );
  const { leases, backoffs, delayed, idle } = missed;
  for (const lease of leases) await ctx.scheduler.runAfter(0, internal.queue.expireLease, { lease });
  for (const conversation of backoffs)
    await ctx.scheduler.runAfter(0, internal.queue.wakeConversation, { conversation });
  for (const message of delayed) await ctx.scheduler.runAfter(0, internal.queue.admitMessage, { message });
  for (const message of idle) await ctx.scheduler.runAfter(0, internal.upkeep.unstrandMessage, { message });
  const counts = Object.entries(missed).map(([kind, ids]) => [kind, ids.length] as const);
  const repairs = counts.reduce((sum, [, count]) => sum + count, 0);
  if (repairs > 0) console.warn(`queue.netRepaired ${JSON.stringify(Object.fromEntries(counts))}`);
  batch.count(repairs);
  batch.goesOn = counts.some(([, count]) => count >= MOST_REPAIRS);
  batch.pauseAtLeast(REPAIRS_TAKE_MS);
  return repairs;
}

/** A queued message of an idle conversation takes its place in line. */
export const unstrand = asMutation({ args: { message: v.id("messageQueue") }, returns: v.null() })(async (
  ctx,
  { message },
) => {
  const row = await ctx.db.get(message);
  const conversation = row?.status === "queued" ? await ctx.db.get(row.conversation) : null;
  if (row && conversation?.state === "idle") await arrive(ctx, conversation, row);
  return null;
});

/** Deletes messages that have outlived their retention; how many. */
export async function sweepMessages(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const { queue } = (await loadRuntime(ctx)).policies;
  const { done, dead } = oldMessages(ctx, Date.now(), queue);
  for (const row of await batch.take(done, { shares: 2 })) await ctx.db.delete(row._id);
  for (const row of await batch.take(dead, { shares: 2 })) await ctx.db.delete(row._id);
  return batch.rows;
}

/** Deletes leases that ended long ago; how many. */
export async function sweepLeases(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const { ended, expired } = oldLeases(ctx, Date.now());
  for (const row of await batch.take(ended, { shares: 2 })) await ctx.db.delete(row._id);
  for (const row of await batch.take(expired, { shares: 2 })) await ctx.db.delete(row._id);
  return batch.rows;
}

/** Deletes turns that have outlived their retention; how many. */
export async function sweepTurns(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const { queue } = (await loadRuntime(ctx)).policies;
  for (const row of await batch.take(oldTurns(ctx, Date.now(), queue))) await ctx.db.delete(row._id);
  return batch.rows;
}
