/**
 * The net under everything, once a minute, and retention. Each state has its own mover (`model.ts`, `wake.ts`, `reap.ts`); what
 * this finds overdue was missed by one, so every repair is logged and counted, and must be zero in every test.
 */
import { v } from "convex/values";
import { loadRuntime } from "../config/runtime.js";
import { internal } from "../../component/_generated/api.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { asQuery } from "../functions.js";
import { takeWithin } from "../upkeep/takeWithin.js";
import { GRACE_MS, oldLeases, oldMessages, overdue } from "./due.js";
import { arrive } from "./model.js";
import { expireLease } from "./reap.js";
import { admitMessage, wakeConversation } from "./wake.js";

const BATCH = 50;
const LEASE_BATCH = 200;
/** A repair may read a message, of up to some 300 KiB. */
const REPAIRS = 20;

const vFound = v.object({
  leases: v.array(v.id("leases")),
  backoffs: v.array(v.id("conversations")),
  delayed: v.array(v.id("messageQueue")),
  idle: v.array(v.id("messageQueue")),
});

/** The oldest queued messages must belong to a conversation that is not idle. */
export const found = asQuery({ args: { before: v.number() }, returns: vFound })(async (ctx, { before }) => {
  const { leases, backoffs, delayed, stranded } = overdue(ctx, before);
  const idle = [];
  for (const { _id, conversation } of await takeWithin(stranded, BATCH))
    if ((await ctx.db.get(conversation))?.state === "idle") idle.push(_id);
  return {
    leases: (await leases.take(REPAIRS)).map(({ _id }) => _id),
    backoffs: (await backoffs.take(REPAIRS)).map(({ _id }) => _id),
    delayed: (await takeWithin(delayed, REPAIRS)).map(({ _id }) => _id),
    idle,
  };
});

/**
 * What was repaired, by what its mover missed. Searched on a stale snapshot, because old messages are what a busy system works off;
 * each repair reads its row again.
 */
export async function runNet(ctx: MutationCtx) {
  const missed: typeof vFound.type = await ctx.runQuery(
    internal.upkeep.findOverdue,
    { before: Date.now() - GRACE_MS },
    { useStaleSnapshot: true },
  );
  const repaired = {
    leases: await count(missed.leases, (lease) => expireLease(ctx, lease)),
    backoffs: await count(missed.backoffs, (row) => wakeConversation(ctx, row)),
    delayed: await count(missed.delayed, (row) => admitMessage(ctx, row)),
    idle: await count(missed.idle, async (id) => {
      const message = await ctx.db.get(id);
      const conversation = message?.status === "queued" && (await ctx.db.get(message.conversation));
      if (!message || !conversation || conversation.state !== "idle") return false;
      await arrive(ctx, conversation, message);
      return true;
    }),
  };
  if (Object.values(repaired).some((repairs) => repairs > 0))
    console.warn(`queue.netRepaired ${JSON.stringify(repaired)}`);
  return repaired;
}

async function count<Item>(items: Item[], repair: (item: Item) => Promise<boolean>): Promise<number> {
  let repaired = 0;
  for (const item of items) if (await repair(item)) repaired += 1;
  return repaired;
}

/** Deletes what has outlived its retention, a batch of each per run. Returns how many rows. */
export async function sweepQueue(ctx: MutationCtx): Promise<number> {
  const now = Date.now();
  const { queue } = (await loadRuntime(ctx)).policies;
  const { done, dead } = oldMessages(ctx, now, queue);
  const { ended, expired } = oldLeases(ctx, now);
  const messages = [...(await takeWithin(done, BATCH)), ...(await takeWithin(dead, BATCH))];
  const leases = [...(await ended.take(LEASE_BATCH)), ...(await expired.take(LEASE_BATCH))];
  for (const { _id } of messages) await ctx.db.delete(_id);
  for (const { _id } of leases) await ctx.db.delete(_id);
  return messages.length + leases.length;
}
