/** What is in the queue, as people and workers ask it. */
import { v } from "convex/values";
import { vPayload, vQueueStatus } from "./queue.js";
import { lazy, opt, orNull, query } from "./row.js";

/** Bounded counts: with `capped` true at least one of them is "this many or more". */
export const queueStats = query("operators", { for: "read" })(() => ({
  args: {},
  returns: v.object({
    queuedReady: v.number(),
    processing: v.number(),
    deadLetter: v.number(),
    capped: v.boolean(),
  }),
}));
export const vQueueItem = lazy(() =>
  v.object({
    _id: v.string(),
    _creationTime: v.number(),
    conversationId: v.string(),
    agentKey: v.string(),
    status: vQueueStatus,
    priority: v.number(),
    scheduledFor: v.number(),
    attempts: v.number(),
    maxAttempts: v.number(),
    lastError: orNull.string,
    payload: vPayload,
  }),
);
/** The messages of a conversation, newest first; `limit` 1..500, default 100. */
export const listQueueItemsForConversation = query("operators", { for: "read" })(() => ({
  args: { conversationId: v.string(), limit: opt.number },
  returns: v.array(vQueueItem),
}));
/** Messages of one status, of all conversations, by `scheduledFor`; `limit` 1..500, default 100. Without their payload. */
export const listJobsByStatus = query("operators", { for: "admin" })(() => ({
  args: { status: vQueueStatus, limit: opt.number },
  returns: v.array(vQueueItem.omit("payload", "lastError").extend({ lastError: opt.string })),
}));
/** Whether a message of the conversation waits. */
export const hasQueuedJobsForConversation = query("operators", {
  for: "worker",
  as: "workerConversationHasQueued",
  operation: "has_queued",
  image: true,
})(() => ({
  args: { conversationId: v.string(), workerToken: opt.string },
  returns: v.boolean(),
}));
