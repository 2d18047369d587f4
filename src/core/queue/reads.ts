/** Views of the queue for hosts and operators. Bounded by count and by bytes; `processing` is derived, not stored. */
import * as contract from "../../contract/queue.js";
import { asQuery } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { clampLimit, pageOf, readBounded } from "../bounds/bounded.js";
import { findConversation } from "./enqueue.js";
import { canServe } from "../../policy/queue/canServe.js";

const STATS_CAP = 1_000;

/** The 1.0.11 view of a message; attempts and error of the head live on its conversation. */
export function queueItem(
  message: Doc<"messageQueue">,
  conversation: Doc<"conversations"> | null,
  defaultMaxAttempts: number,
) {
  const isHead = conversation?.head === message._id;
  const inFlight = isHead && conversation.state === "held";
  return {
    _id: message._id,
    _creationTime: message._creationTime,
    conversationId: message.conversationId,
    agentKey: message.agentKey,
    status: wireStatus(message.status, inFlight),
    priority: message.priority,
    scheduledFor: isHead && conversation.wakeAt !== undefined ? conversation.wakeAt : message.dueAt,
    attempts: message.attempts ?? (isHead ? conversation.attempts : 0),
    maxAttempts: message.maxAttempts ?? defaultMaxAttempts,
    lastError: message.lastError ?? (isHead ? (conversation.lastError ?? null) : null),
    payload: message.payload,
  };
}

function wireStatus(status: Doc<"messageQueue">["status"], inFlight: boolean): contract.QueueStatus {
  if (status === "done" || status === "dead_letter") return status;
  return inFlight ? "processing" : "queued";
}

export const listQueueItemsForConversation = asQuery(contract.listQueueItemsForConversation)(async (
  ctx,
  args,
) => {
  const conversation = await findConversation(ctx, args.conversationId);
  if (!conversation) return [];
  const newestFirst = ctx.db
    .query("messageQueue")
    .withIndex("by_conversation_and_dueAt", (q) => q.eq("conversation", conversation._id))
    .order("desc");
  const { rows } = await readBounded(newestFirst, clampLimit(args.limit, 100, 500));
  const { policies } = await loadRuntime(ctx);
  return rows.map((row) => queueItem(row, conversation, policies.retry.maxAttempts));
});

export const listJobsByStatus = asQuery(contract.listJobsByStatus)(async (ctx, args) => {
  const { policies } = await loadRuntime(ctx);
  const rows = await messagesByStatus(ctx, args.status, clampLimit(args.limit, 100, 500));
  const items = await Promise.all(
    rows.map(async (row) => queueItem(row, await ctx.db.get(row.conversation), policies.retry.maxAttempts)),
  );
  return items
    .filter((item) => item.status === args.status)
    .sort((a, b) => a.scheduledFor - b.scheduledFor)
    .map(({ payload: _payload, lastError, ...item }) => ({ ...item, lastError: lastError ?? undefined }));
});

async function messagesByStatus(
  ctx: QueryCtx,
  status: contract.QueueStatus,
  limit: number,
): Promise<Doc<"messageQueue">[]> {
  switch (status) {
    case "failed":
      return [];
    case "processing":
      return await messagesInFlight(ctx, limit);
    case "queued": {
      const due = await readBounded(byDue(ctx, "queued"), limit);
      const delayed = await readBounded(byDue(ctx, "delayed"), limit - due.rows.length);
      return [...due.rows, ...delayed.rows];
    }
    case "done":
    case "dead_letter":
      return (await readBounded(byDue(ctx, status), limit)).rows;
  }
}

const byDue = (ctx: QueryCtx, status: Doc<"messageQueue">["status"]) =>
  ctx.db.query("messageQueue").withIndex("by_due", (q) => q.eq("status", status));

async function messagesInFlight(ctx: QueryCtx, limit: number): Promise<Doc<"messageQueue">[]> {
  const inFlight = async function* () {
    for await (const lease of ctx.db.query("leases").withIndex("by_expiry", (q) => q.eq("state", "live"))) {
      const message = await ctx.db.get(lease.message);
      if (message) yield message;
    }
  };
  return await pageOf(inFlight(), limit);
}

export const queueStats = asQuery(contract.queueStats)(async (ctx) => {
  const queued = await readBounded(byDue(ctx, "queued"), STATS_CAP);
  const dead = await readBounded(byDue(ctx, "dead_letter"), STATS_CAP);
  const live = await ctx.db
    .query("leases")
    .withIndex("by_expiry", (q) => q.eq("state", "live"))
    .take(STATS_CAP + 1);
  const processing = Math.min(live.length, STATS_CAP);
  return {
    queuedReady: Math.max(0, queued.rows.length - processing),
    processing,
    deadLetter: dead.rows.length,
    capped: queued.capped || dead.capped || live.length > STATS_CAP,
  };
});

export const hasQueuedJobsForConversation = asQuery(contract.hasQueuedJobsForConversation)(async (
  ctx,
  args,
) => {
  const grant = await authorizeWorker(ctx, args);
  const conversation = await findConversation(ctx, args.conversationId);
  if (!conversation || !canServe(grant, conversation)) return false;
  for (const status of ["queued", "delayed"] as const) {
    const rows = await ctx.db
      .query("messageQueue")
      .withIndex("by_conversation", (q) => q.eq("conversation", conversation._id).eq("status", status))
      .take(2);
    const inFlight = conversation.state === "held" ? conversation.head : undefined;
    if (rows.some((row) => row._id !== inFlight)) return true;
  }
  return false;
});
