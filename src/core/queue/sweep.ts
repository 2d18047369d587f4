/**
 * The net under everything, once a minute, and retention. Each state has its own mover (`model.ts`, `wake.ts`, `reap.ts`); what
 * this finds overdue was missed by one, so every repair is logged and counted, and must be zero in every test.
 */
import { loadRuntime } from "../config/runtime.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { arrive } from "./model.js";
import { expireLease, findOverdue } from "./reap.js";
import { admitMessage, wakeConversation } from "./wake.js";

/** A mover is late, not missing, within this time. */
const GRACE_MS = 30_000;
const BATCH = 50;
const LEASE_RETENTION_MS = 86_400_000;

/** What was repaired, by what its mover missed. */
export async function runNet(ctx: MutationCtx) {
  const before = Date.now() - GRACE_MS;
  const repaired = {
    leases: await overdueLeases(ctx, before),
    backoffs: await overdueBackoffs(ctx, before),
    delayed: await overdueDelayed(ctx, before),
    idle: await strandedMessages(ctx, before),
  };
  if (Object.values(repaired).some((count) => count > 0))
    console.warn(`queue.netRepaired ${JSON.stringify(repaired)}`);
  return repaired;
}

async function overdueLeases(ctx: MutationCtx, before: number): Promise<number> {
  const { overdue } = await findOverdue(ctx, before, BATCH);
  return await count(overdue, (lease) => expireLease(ctx, lease));
}

async function overdueBackoffs(ctx: MutationCtx, before: number): Promise<number> {
  const rows = await ctx.db
    .query("conversations")
    .withIndex("by_wake", (q) => q.eq("state", "backoff").lt("wakeAt", before))
    .take(BATCH);
  return await count(rows, (row) => wakeConversation(ctx, row._id));
}

async function overdueDelayed(ctx: MutationCtx, before: number): Promise<number> {
  const rows = await ctx.db
    .query("messageQueue")
    .withIndex("by_due", (q) => q.eq("status", "delayed").lt("dueAt", before))
    .take(BATCH);
  return await count(rows, (row) => admitMessage(ctx, row._id));
}

/** The oldest queued messages must belong to a conversation that is not idle. */
async function strandedMessages(ctx: MutationCtx, before: number): Promise<number> {
  const rows = await ctx.db
    .query("messageQueue")
    .withIndex("by_due", (q) => q.eq("status", "queued").lt("dueAt", before))
    .take(BATCH);
  return await count(rows, async (row) => {
    const conversation = await ctx.db.get(row.conversation);
    if (conversation?.state !== "idle") return false;
    await arrive(ctx, conversation, row);
    return true;
  });
}

async function count<Item>(items: Item[], repair: (item: Item) => Promise<boolean>): Promise<number> {
  let repaired = 0;
  for (const item of items) if (await repair(item)) repaired += 1;
  return repaired;
}

/** Deletes what has outlived its retention, a batch of each per run. */
export async function sweepQueue(ctx: MutationCtx): Promise<number> {
  const now = Date.now();
  const { queue } = (await loadRuntime(ctx)).policies;
  let messages = 0;
  for (const [status, keepMs] of [
    ["done", queue.doneRetentionMs],
    ["dead_letter", queue.deadLetterRetentionMs],
  ] as const) {
    const rows = await ctx.db
      .query("messageQueue")
      .withIndex("by_ended", (q) => q.eq("status", status).lt("endedAt", now - keepMs))
      .take(BATCH);
    for (const row of rows) await ctx.db.delete(row._id);
    messages += rows.length;
  }
  let leases = 0;
  for (const state of ["ended", "expired"] as const) {
    const rows = await ctx.db
      .query("leases")
      .withIndex("by_expiry", (q) => q.eq("state", state).lt("expiresAt", now - LEASE_RETENTION_MS))
      .take(BATCH * 2);
    for (const row of rows) await ctx.db.delete(row._id);
    leases += rows.length;
  }
  return messages + leases;
}
