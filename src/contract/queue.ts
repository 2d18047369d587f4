/** The queue: conversations are scheduled, messages wait inside them. Ids are opaque strings outside the component. */
import { v, type Infer } from "convex/values";
import { vAttachment, vRecordedReplyFile, vReplyFile } from "./attachments.js";
import { vProviderConfig } from "./providers.js";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";
import { vIdleHint } from "./workers.js";

export const vMetadata = lazy(() => v.record(v.string(), v.string()));
export const vPayload = lazy(() =>
  v.object({
    provider: v.string(),
    providerUserId: v.string(),
    messageText: v.string(),
    externalMessageId: opt.string,
    rawUpdateJson: opt.string,
    metadata: v.optional(vMetadata),
  }),
);
export type Payload = Infer<typeof vPayload>;

/** The status words of 1.0.11. `failed` is never produced. */
export const vQueueStatus = lazy(() => oneOf("queued", "processing", "done", "failed", "dead_letter"));
export type QueueStatus = Infer<typeof vQueueStatus>;

export const vTurnRole = lazy(() => oneOf("system", "user", "assistant", "tool"));
export const vHistoryItem = lazy(() => v.object({ role: vTurnRole, content: v.string(), at: v.number() }));
export type HistoryItem = Infer<typeof vHistoryItem>;
/** A turn to append; `at` defaults to the server's time plus its index. */
export const vNewTurn = lazy(() => v.object({ role: vTurnRole, content: v.string(), at: opt.number }));
export const vToolCall = lazy(() =>
  v.object({
    toolName: v.string(),
    callId: v.string(),
    status: oneOf("pending", "running", "done", "failed"),
  }),
);

/**
 * Puts a message in line in its conversation, once per `idempotencyKey`; returns its id. The conversation begins with its first
 * message.
 * - `priority`: 0..100, default 50: a head start, never a wall.
 * - `scheduledFor`: Epoch ms; in the future: the message is not in line before.
 * - `conversationId`: At most 1 024 bytes; `idempotencyKey` at most 4 096.
 * - `idempotencyKey`: The same key of the same workspace returns the same message id and enqueues nothing.
 * - `tag`: The lane; default the profile's.
 * - `asUser`: The user who writes, where that is no administrator: the provider, the address and what chooses a lane come from
 *   their binding, whatever `payload` says of them.
 */
export const enqueue = mutation("lib", { for: "write", fill: ["providerConfig"] })(() => ({
  args: {
    conversationId: v.string(),
    agentKey: v.string(),
    payload: vPayload,
    priority: opt.number,
    scheduledFor: opt.number,
    maxAttempts: opt.number,
    idempotencyKey: opt.string,
    tag: opt.string,
    asUser: opt.string,
    providerConfig: v.optional(vProviderConfig),
  },
  returns: v.string(),
}));

/**
 * A recorded reply: what is sent, in how many parts, and which part is the next to send.
 * - `ambiguousParts`: Parts that may or may not have arrived (the worker was lost between sending and hearing); never sent
 *   again.
 * - `files`: Sent after the text: the last parts are these, one each.
 */
export const vRecordedReply = lazy(() =>
  v.object({
    text: v.string(),
    parts: v.number(),
    nextPart: v.number(),
    ambiguousParts: v.array(v.number()),
    files: v.optional(v.array(vRecordedReplyFile)),
  }),
);
export const vBridgeRuntimeConfig = lazy(() =>
  v.object({
    baseUrl: orNull.string,
    appBaseUrlMapJson: orNull.string,
    serviceId: orNull.string,
    appKey: orNull.string,
    serviceKey: orNull.string,
    serviceKeySecretRef: orNull.string,
  }),
);
/**
 * - `payload.attachments`: The files of the message, in its order; absent when it came without.
 * - `systemPrompt`: The instructions of the operator, apart from what the user said; absent when none are set.
 * - `undeliverable`: Why a reply would reach nobody (the chat has blocked the bot): the worker fails the message without a
 *   repeat.
 * - `channel`: How the answer is delivered, and the credential for it, which only the worker's side of the channel reads;
 *   absent from a component that is older than the worker.
 * - `telegramBotToken`: The same for the published image, which knows one channel.
 * - `connections`: Names of the agent's connections, whose values the worker has itself; absent when there are none.
 * - `reply`: Present when an earlier attempt already has its answer: resume at sending, do not run the model again.
 */
export const vHydrationBundle = lazy(() =>
  v.object({
    messageId: v.string(),
    conversationId: v.string(),
    agentKey: v.string(),
    payload: vPayload.extend({
      attachments: v.optional(v.array(vAttachment)),
    }),
    systemPrompt: opt.string,
    undeliverable: opt.string,
    conversationState: v.object({
      contextHistory: v.array(vHistoryItem),
      pendingToolCalls: v.array(vToolCall),
    }),
    channel: v.optional(v.object({ kind: v.string(), credential: orNull.string })),
    telegramBotToken: orNull.string,
    connections: v.optional(v.array(v.object({ name: v.string(), kind: v.string() }))),
    bridgeRuntimeConfig: v.union(vBridgeRuntimeConfig, v.null()),
    reply: v.optional(vRecordedReply),
  }),
);
export type HydrationBundle = Infer<typeof vHydrationBundle>;

/**
 * - `leaseId`: Fencing token: every later write for this message names it.
 * - `leaseMs`: How long the lease holds from the call that got or renewed it, by whatever clock.
 * - `attempt`: 1 for the first delivery. Deliveries that a service failed count here, though not against `maxAttempts`.
 * - `heartbeatIntervalMs`: How often to renew the lease.
 * - `hydration`: Only when asked for with `hydrate: true`.
 * - `hydrationError`: Why there is no `hydration` although it was asked for: a stable code. The worker fails the attempt.
 */
export const vJob = lazy(() =>
  v.object({
    messageId: v.string(),
    conversationId: v.string(),
    agentKey: v.string(),
    leaseId: v.string(),
    leaseExpiresAt: v.number(),
    leaseMs: opt.number,
    payload: vPayload,
    attempt: v.number(),
    maxAttempts: v.number(),
    heartbeatIntervalMs: v.number(),
    hydration: v.optional(vHydrationBundle),
    hydrationError: opt.string,
  }),
);
export type Job = Infer<typeof vJob>;

/** Proof of who calls. Absent = the host app itself, which is trusted; everything from outside carries one. */
const workerToken = lazy(() => opt.string);

/**
 * The next message for this worker with a lease on its conversation; null when there is nothing for it.
 * - `workspaceId`: Must equal the conversation's workspace when given.
 * - `hydrate`: Answer with the hydration bundle in the same call. Without it, `claim` (not the gateway's `poll`) appends the
 *   system prompt to the text of the job's payload, where the published image looks for it.
 * - `stateful`: The worker's engine keeps memory on disk: it holds one conversation at a time. Default: what its row says.
 * - `listens`: The worker hears its wake-ups (`workerWake`), so it is rung when there is work. Default: what its row says.
 * - `instance`: Names the process, at most 128 characters, the same after a restart with the same data directory. A second
 *   process under one worker id gets no work while the first is alive. Null for it, and for a worker id that belongs to another
 *   token: `poll` says which.
 */
export const claim = mutation("lib", {
  for: "worker",
  as: "workerClaim",
  image: true,
  unscoped: ["workspaceId"],
})(() => ({
  args: {
    workerId: v.string(),
    conversationId: opt.string,
    workspaceId: opt.string,
    hydrate: opt.boolean,
    stateful: opt.boolean,
    listens: opt.boolean,
    instance: opt.string,
    workerToken,
  },
  returns: v.union(v.null(), vJob),
}));

/**
 * For the gateway: a claim that answers, where it found nothing, how to wait. What the hint looks at makes no claim conflict.
 * Throws what `claim` throws, and `worker_id_taken` or `worker_id_in_use` where that answers null because of the worker id.
 */
export const poll = mutation("lib", { operation: "claim", resultOf: claim })(() => ({
  args: claim.args,
  returns: v.object({ job: v.union(v.null(), vJob), idle: v.union(v.null(), vIdleHint) }),
}));

/**
 * What the engine needs to answer the message that this worker holds; null for any other message, and for one whose agent is gone.
 * Throws `workspace_mismatch`.
 */
export const getHydrationBundle = query("lib", {
  for: "worker",
  as: "workerHydrationBundle",
  operation: "hydrate",
  image: true,
  unscoped: ["workspaceId"],
})(() => ({
  args: {
    messageId: v.string(),
    workspaceId: v.string(),
    workerId: opt.string,
    leaseId: opt.string,
    workerToken,
  },
  returns: v.union(v.null(), vHydrationBundle),
}));

const leased = lazy(() => ({
  workerId: v.string(),
  messageId: v.string(),
  leaseId: v.string(),
  workerToken,
}));

/** true and extended by the lease length iff the lease is still the caller's. */
export const heartbeat = mutation("lib", { for: "worker", as: "workerHeartbeat", image: true })(() => ({
  args: leased,
  returns: v.boolean(),
}));
const vLeaseLost = lazy(() => v.object({ ok: v.literal(false), reason: v.literal("lease_lost") }));
/** As `heartbeat`, and says until when and whether the worker should stop taking work. */
export const renewLease = mutation("lib", { for: "worker", as: "workerRenewLease", operation: "heartbeat" })(
  () => ({
    args: leased,
    returns: v.union(
      v.object({ ok: v.literal(true), leaseExpiresAt: v.number(), shouldStop: v.boolean() }),
      vLeaseLost,
    ),
  }),
);
/** Ends the message as answered. false when the lease is no longer the caller's. */
export const complete = mutation("lib", {
  for: "worker",
  as: "workerComplete",
  operation: "complete",
  image: true,
  fill: ["providerConfig"],
})(() => ({
  args: { ...leased, providerConfig: v.optional(vProviderConfig) },
  returns: v.boolean(),
}));
const vFailResult = lazy(() =>
  v.object({
    requeued: v.boolean(),
    deadLettered: v.boolean(),
    nextScheduledFor: orNull.number,
  }),
);
/** Ends the attempt as failed: the message is tried again later, or is a dead letter when its attempts are used up. */
export const fail = mutation("lib", {
  for: "worker",
  as: "workerFail",
  operation: "fail",
  image: true,
  fill: ["providerConfig"],
})(() => ({
  args: { ...leased, errorMessage: v.string(), providerConfig: v.optional(vProviderConfig) },
  returns: vFailResult,
}));

/**
 * - `retryable`: false: a repeat cannot help; straight to the dead letters. Default true.
 * - `blames`: What the failure says something about. `message` (default): it counts as an attempt. `service`: what answers or
 *   delivers is down or busy, whatever the message (a refused connection, 5xx, 429): no attempt, the waits grow up to
 *   `retry.maxDelayMs`, and after `retry.serviceMaxAgeMs` of such failures the message becomes a dead letter.
 * - `retryAfterMs`: How long the service asked to be left alone. The conversation waits as long, at most `retry.serviceMaxAgeMs` at a
 *   time, and that wait is no part of this age, until it all has taken four times as long.
 */
export const vOutcome = lazy(() =>
  v.union(
    v.object({ kind: v.literal("complete") }),
    v.object({
      kind: v.literal("fail"),
      errorMessage: v.string(),
      retryable: opt.boolean,
      blames: v.optional(oneOf("message", "service")),
      retryAfterMs: opt.number,
    }),
  ),
);
/**
 * One fenced write for everything a worker has to say about its message, in this order: append `turns`, record
 * `reply` (both once per message: a repeat is ignored), note that `sendingPart` is about to be sent, end with
 * `outcome`, and, with `claimNext`, hand out the next job. Repeating a call whose answer was lost is safe: it returns the
 * same again, the next job included.
 * - `reply`: `parts` counts the messages of the text and then one for each file.
 * - `instance`: As in `claim`; counts for the next job alone.
 * - `ambiguousParts`: Parts whose delivery the worker could not learn (a timeout after sending): listed, never sent again.
 */
export const settle = mutation("lib", { for: "worker", as: "workerSettle", operation: "settle" })(() => ({
  args: {
    ...leased,
    turns: v.optional(v.array(vNewTurn)),
    reply: v.optional(
      v.object({ text: v.string(), parts: v.number(), files: v.optional(v.array(vReplyFile)) }),
    ),
    sendingPart: opt.number,
    ambiguousParts: v.optional(v.array(v.number())),
    outcome: v.optional(vOutcome),
    claimNext: v.optional(v.object({ hydrate: v.boolean() })),
    instance: opt.string,
  },
  returns: v.union(
    v.object({
      ok: v.literal(true),
      status: oneOf("held", "done", "queued", "dead_letter"),
      nextScheduledFor: orNull.number,
      next: v.union(vJob, v.null()),
    }),
    vLeaseLost,
  ),
}));

/**
 * Appends turns to the conversation's history; `messageCount` is how many it has then.
 * - `workerId`: With a worker token: the turns belong to this worker's current message and are appended once per message.
 */
export const appendConversationMessages = mutation("lib", {
  for: "worker",
  as: "workerAppendConversationMessages",
  operation: "append",
  image: true,
  unscoped: ["workspaceId"],
})(() => ({
  args: {
    conversationId: v.string(),
    workspaceId: opt.string,
    messages: v.array(vNewTurn),
    workerId: opt.string,
    leaseId: opt.string,
    workerToken,
  },
  returns: v.object({ updated: v.boolean(), messageCount: v.number() }),
}));
/**
 * Lays `metadata` over that of the message. A worker's only for the message that it holds; false for any other, and for an unknown
 * one.
 */
export const attachMessageMetadata = mutation("workers", {
  for: "worker",
  as: "workerAttachMessageMetadata",
  operation: "metadata",
  image: true,
})(() => ({
  args: {
    messageId: v.string(),
    metadata: vMetadata,
    workerId: opt.string,
    leaseId: opt.string,
    workerToken,
  },
  returns: v.boolean(),
}));

/** Gives up overdue leases, at most 250 (`limit`), whose messages wait again then. The deployment does so by itself; this is the net. */
export const releaseStuckJobs = mutation("queue", { for: "system" })(() => ({
  args: { limit: opt.number },
  returns: v.object({ requeued: v.number(), unlocked: v.number() }),
}));
