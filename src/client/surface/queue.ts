/** The queue: for users of the host, and for its operators. */
import { v } from "convex/values";
import * as deadLetters from "../../contract/deadLetters.js";
import { vProviderConfig } from "../../contract/providers.js";
import * as contract from "../../contract/queue.js";
import { mappedRow, row } from "./row.js";

/** 1.0.11's flat form. The lane and the number of attempts are the host's business and not offered here. */
const flatEnqueueArgs = {
  conversationId: v.string(),
  agentKey: v.string(),
  ...contract.vPayload.fields,
  priority: v.optional(v.number()),
  scheduledFor: v.optional(v.number()),
  idempotencyKey: v.optional(v.string()),
  providerConfig: v.optional(vProviderConfig),
};

/**
 * Keys are shared by a whole workspace; without a space of its own one conversation's key could swallow another's message. A
 * key with a colon needs the length of what stands before it, or `a` + `b:c` and `a:b` + `c` would be one key.
 */
const keyOf = (conversationId: string, key: string): string =>
  key.includes(":")
    ? `api-of:${conversationId.length}:${conversationId}:${key}`
    : `api:${conversationId}:${key}`;

export const queueSurface = {
  enqueue: mappedRow(
    "enqueue",
    {
      kind: "mutation",
      access: "write",
      args: flatEnqueueArgs,
      fill: ["providerConfig"],
      scope: ({ conversationId, agentKey }) => ({ conversationId, agentKey }),
    },
    (
      { conversationId, agentKey, priority, scheduledFor, idempotencyKey, providerConfig, ...payload },
      caller,
    ) => ({
      conversationId,
      agentKey,
      priority,
      scheduledFor,
      idempotencyKey: idempotencyKey === undefined ? undefined : keyOf(conversationId, idempotencyKey),
      asUser: caller.isAdmin || caller.userId === null ? undefined : caller.userId,
      providerConfig,
      payload,
    }),
  ),
  listQueueItemsForConversation: row("listQueueItemsForConversation", {
    kind: "query",
    access: "read",
    args: contract.listQueueItemsForConversation.args,
    scope: ({ conversationId }) => ({ conversationId }),
  }),
  queueStats: row("queueStats", { kind: "query", access: "read", args: contract.queueStats.args }),
  listJobsByStatus: row("listJobsByStatus", {
    kind: "query",
    access: "admin",
    args: contract.listJobsByStatus.args,
  }),
  listDeadLetters: row("listDeadLetters", {
    kind: "query",
    access: "admin",
    args: deadLetters.listDeadLetters.args,
  }),
  inspectDeadLetter: row("inspectDeadLetter", {
    kind: "query",
    access: "admin",
    args: deadLetters.inspectDeadLetter.args,
    scope: ({ messageId }) => ({ messageId }),
  }),
  redriveDeadLetter: row("redriveDeadLetter", {
    kind: "mutation",
    access: "admin",
    args: deadLetters.redriveDeadLetter.args,
    scope: ({ messageId }) => ({ messageId }),
  }),
  purgeDeadLetters: row("purgeDeadLetters", {
    kind: "mutation",
    access: "admin",
    args: deadLetters.purgeDeadLetters.args,
    scope: ({ messageId }) => ({ messageId }),
  }),
  listAmbiguousReplies: row("listAmbiguousReplies", {
    kind: "query",
    access: "admin",
    args: deadLetters.listAmbiguousReplies.args,
  }),
  releaseStuckJobs: row("releaseStuckJobs", {
    kind: "mutation",
    access: "system",
    args: contract.releaseStuckJobs.args,
  }),
};
