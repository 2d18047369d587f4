/** The queue: conversations are scheduled, messages wait inside them. Ids are opaque strings outside the component. */
import { v, type Infer } from "convex/values";
import { vAttachment, vRecordedReplyFile, vReplyFile } from "./attachments.js";
import { vProviderConfig } from "./providers.js";
import { defineRow, lazy } from "./row.js";
import { vIdleHint } from "./workers.js";

export const vMetadata = lazy(() => v.record(v.string(), v.string()));
export const vPayload = lazy(() =>
  v.object({
    provider: v.string(),
    providerUserId: v.string(),
    messageText: v.string(),
    externalMessageId: v.optional(v.string()),
    rawUpdateJson: v.optional(v.string()),
    metadata: v.optional(vMetadata),
  }),
);
export type Payload = Infer<typeof vPayload>;

/** The status words of 1.0.11. `failed` is never produced. */
export const vQueueStatus = lazy(() =>
  v.union(
    v.literal("queued"),
    v.literal("processing"),
    v.literal("done"),
    v.literal("failed"),
    v.literal("dead_letter"),
  ),
);
export type QueueStatus = Infer<typeof vQueueStatus>;

export const vTurnRole = lazy(() =>
  v.union(v.literal("system"), v.literal("user"), v.literal("assistant"), v.literal("tool")),
);
export const vHistoryItem = lazy(() => v.object({ role: vTurnRole, content: v.string(), at: v.number() }));
export type HistoryItem = Infer<typeof vHistoryItem>;
/** A turn to append; `at` defaults to the server's time plus its index. */
export const vNewTurn = lazy(() =>
  v.object({ role: vTurnRole, content: v.string(), at: v.optional(v.number()) }),
);
export const vToolCall = lazy(() =>
  v.object({
    toolName: v.string(),
    callId: v.string(),
    status: v.union(v.literal("pending"), v.literal("running"), v.literal("done"), v.literal("failed")),
  }),
);

/**
 * - `priority`: 0..100, default 50: a head start, never a wall.
 * - `scheduledFor`: Epoch ms; in the future: the message is not in line before.
 * - `conversationId`: At most 1 024 bytes; `idempotencyKey` at most 4 096.
 * - `idempotencyKey`: The same key of the same workspace returns the same message id and enqueues nothing.
 * - `tag`: The lane; default the profile's.
 * - `asUser`: The user who writes, where that is no administrator: the provider, the address and what chooses a lane come from
 *   their binding, whatever `payload` says of them.
 */
export const enqueue = defineRow(() => ({
  args: {
    conversationId: v.string(),
    agentKey: v.string(),
    payload: vPayload,
    priority: v.optional(v.number()),
    scheduledFor: v.optional(v.number()),
    maxAttempts: v.optional(v.number()),
    idempotencyKey: v.optional(v.string()),
    tag: v.optional(v.string()),
    asUser: v.optional(v.string()),
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
    baseUrl: v.union(v.string(), v.null()),
    appBaseUrlMapJson: v.union(v.string(), v.null()),
    serviceId: v.union(v.string(), v.null()),
    appKey: v.union(v.string(), v.null()),
    serviceKey: v.union(v.string(), v.null()),
    serviceKeySecretRef: v.union(v.string(), v.null()),
  }),
);
/**
 * - `payload.attachments`: The files of the message, in its order; absent when it came without.
 * - `systemPrompt`: The instructions of the operator, apart from what the user said; absent when none are set.
 * - `undeliverable`: Why a reply would reach nobody (the chat has blocked the bot): the worker fails the message without a
 *   repeat.
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
    systemPrompt: v.optional(v.string()),
    undeliverable: v.optional(v.string()),
    conversationState: v.object({
      contextHistory: v.array(vHistoryItem),
      pendingToolCalls: v.array(vToolCall),
    }),
    telegramBotToken: v.union(v.string(), v.null()),
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
    leaseMs: v.optional(v.number()),
    payload: vPayload,
    attempt: v.number(),
    maxAttempts: v.number(),
    heartbeatIntervalMs: v.number(),
    hydration: v.optional(vHydrationBundle),
    hydrationError: v.optional(v.string()),
  }),
);
export type Job = Infer<typeof vJob>;

/** Proof of who calls. Absent = the host app itself, which is trusted; everything from outside carries one. */
const workerToken = lazy(() => v.optional(v.string()));

/**
 * - `workspaceId`: Must equal the conversation's workspace when given.
 * - `hydrate`: Answer with the hydration bundle in the same call. Without it, `claim` (not the gateway's `poll`) appends the
 *   system prompt to the text of the job's payload, where the published image looks for it.
 * - `stateful`: The worker's engine keeps memory on disk: it holds one conversation at a time. Default: what its row says.
 * - `listens`: The worker hears its wake-ups (`workerWake`), so it is rung when there is work. Default: what its row says.
 * - `instance`: Names the process, at most 128 characters, the same after a restart with the same data directory. A second
 *   process under one worker id gets no work while the first is alive. Null for it, and for a worker id that belongs to another
 *   token: `poll` says which.
 */
export const claim = defineRow(() => ({
  args: {
    workerId: v.string(),
    conversationId: v.optional(v.string()),
    workspaceId: v.optional(v.string()),
    hydrate: v.optional(v.boolean()),
    stateful: v.optional(v.boolean()),
    listens: v.optional(v.boolean()),
    instance: v.optional(v.string()),
    workerToken,
  },
  returns: v.union(v.null(), vJob),
}));

/**
 * For the gateway: a claim that answers, where it found nothing, how to wait. What the hint looks at makes no claim conflict.
 * Throws what `claim` throws, and `worker_id_taken` or `worker_id_in_use` where that answers null because of the worker id.
 */
export const poll = defineRow(() => ({
  args: claim.args,
  returns: v.object({ job: v.union(v.null(), vJob), idle: v.union(v.null(), vIdleHint) }),
}));

export const getHydrationBundle = defineRow(() => ({
  args: {
    messageId: v.string(),
    workspaceId: v.string(),
    workerId: v.optional(v.string()),
    leaseId: v.optional(v.string()),
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
export const heartbeat = defineRow(() => ({ args: leased, returns: v.boolean() }));
const vLeaseLost = lazy(() => v.object({ ok: v.literal(false), reason: v.literal("lease_lost") }));
/** As `heartbeat`, and says until when and whether the worker should stop taking work. */
export const renewLease = defineRow(() => ({
  args: leased,
  returns: v.union(
    v.object({ ok: v.literal(true), leaseExpiresAt: v.number(), shouldStop: v.boolean() }),
    vLeaseLost,
  ),
}));
export const complete = defineRow(() => ({
  args: { ...leased, providerConfig: v.optional(vProviderConfig) },
  returns: v.boolean(),
}));
const vFailResult = lazy(() =>
  v.object({
    requeued: v.boolean(),
    deadLettered: v.boolean(),
    nextScheduledFor: v.union(v.number(), v.null()),
  }),
);
export const fail = defineRow(() => ({
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
      retryable: v.optional(v.boolean()),
      blames: v.optional(v.union(v.literal("message"), v.literal("service"))),
      retryAfterMs: v.optional(v.number()),
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
export const settle = defineRow(() => ({
  args: {
    ...leased,
    turns: v.optional(v.array(vNewTurn)),
    reply: v.optional(
      v.object({ text: v.string(), parts: v.number(), files: v.optional(v.array(vReplyFile)) }),
    ),
    sendingPart: v.optional(v.number()),
    ambiguousParts: v.optional(v.array(v.number())),
    outcome: v.optional(vOutcome),
    claimNext: v.optional(v.object({ hydrate: v.boolean() })),
    instance: v.optional(v.string()),
  },
  returns: v.union(
    v.object({
      ok: v.literal(true),
      status: v.union(v.literal("held"), v.literal("done"), v.literal("queued"), v.literal("dead_letter")),
      nextScheduledFor: v.union(v.number(), v.null()),
      next: v.union(vJob, v.null()),
    }),
    vLeaseLost,
  ),
}));

/**
 * - `workerId`: With a worker token: the turns belong to this worker's current message and are appended once per message.
 */
export const appendConversationMessages = defineRow(() => ({
  args: {
    conversationId: v.string(),
    workspaceId: v.optional(v.string()),
    messages: v.array(vNewTurn),
    workerId: v.optional(v.string()),
    leaseId: v.optional(v.string()),
    workerToken,
  },
  returns: v.object({ updated: v.boolean(), messageCount: v.number() }),
}));
export const attachMessageMetadata = defineRow(() => ({
  args: {
    messageId: v.string(),
    metadata: vMetadata,
    workerId: v.optional(v.string()),
    leaseId: v.optional(v.string()),
    workerToken,
  },
  returns: v.boolean(),
}));

export const releaseStuckJobs = defineRow(() => ({
  args: { limit: v.optional(v.number()) },
  returns: v.object({ requeued: v.number(), unlocked: v.number() }),
}));
/** Bounded counts: with `capped` true at least one of them is "this many or more". */
export const queueStats = defineRow(() => ({
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
    lastError: v.union(v.string(), v.null()),
    payload: vPayload,
  }),
);
export const listQueueItemsForConversation = defineRow(() => ({
  args: { conversationId: v.string(), limit: v.optional(v.number()) },
  returns: v.array(vQueueItem),
}));
export const listJobsByStatus = defineRow(() => ({
  args: { status: vQueueStatus, limit: v.optional(v.number()) },
  returns: v.array(vQueueItem.omit("payload", "lastError").extend({ lastError: v.optional(v.string()) })),
}));
export const hasQueuedJobsForConversation = defineRow(() => ({
  args: { conversationId: v.string(), workerToken },
  returns: v.boolean(),
}));
