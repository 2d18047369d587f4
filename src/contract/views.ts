/**
 * What an app shows a user of their agents. All of it is scoped by (user, agent): a conversation, its messages and its
 * snapshots are the pair's own, whoever had the same Telegram account or chat before.
 */
import { v } from "convex/values";
import { vProviderConfig } from "./providers.js";
import { vHistoryItem, vMetadata, vQueueStatus, vToolCall } from "./queue.js";
import { vQueueItem } from "./queueReads.js";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";
import { vSnapshotView } from "./snapshots.js";

/**
 * - `displayName`: From the binding's metadata.
 * - `telegramUsername`: Of the bot, as Telegram confirmed it; never a guess.
 * - `conversationId`: Of the pair; null while there never was a binding.
 * - `canCreateNewAgent`: The user has no active agent.
 */
export const vUserAgentView = lazy(() =>
  v.object({
    consumerUserId: v.string(),
    agentKey: v.string(),
    displayName: orNull.string,
    telegramUsername: orNull.string,
    version: orNull.string,
    status: oneOf("draft", "pairing", "active", "disabled", "failed"),
    bindingStatus: v.union(v.literal("active"), v.literal("revoked"), v.null()),
    pairingStatus: v.union(v.literal("pending"), v.literal("used"), v.literal("expired"), v.null()),
    conversationId: orNull.string,
    canCreateNewAgent: v.boolean(),
    canDisable: v.boolean(),
    canChat: v.boolean(),
    canManagePushJobs: v.boolean(),
  }),
);

const user = lazy(() => ({ consumerUserId: v.string() }));
const userAgent = lazy(() => ({ ...user, agentKey: v.string() }));

/** Agents that the user was bound to, newest first, then those with a pending pairing; at most 200 of each. */
export const listUserAgents = query("people", { for: "read" })(() => ({
  args: { ...user, includeDisabled: opt.boolean },
  returns: v.array(vUserAgentView),
}));
/** Null when there is neither a profile nor a binding nor a pairing. */
export const getUserAgent = query("people", { for: "read" })(() => ({
  args: userAgent,
  returns: v.union(vUserAgentView, v.null()),
}));
/** The agent that the user is bound to; null without one. */
export const getActiveUserAgent = query("people", { for: "read" })(() => ({
  args: user,
  returns: v.union(vUserAgentView, v.null()),
}));
/** All of a user's agents at once, and which of them answers. */
export const getUserAgentsOverview = query("people", { for: "read" })(() => ({
  args: user,
  returns: v.object({
    agents: v.array(vUserAgentView),
    activeAgentKey: orNull.string,
    canCreateNewAgent: v.boolean(),
  }),
}));

/**
 * The newest 200 turns (fewer when they are very long), oldest first; `before` with `nextBefore` gives those before them.
 * - `limit`: Of `queueItems`, 1..500, default 100.
 * - `before`: `nextBefore` of an earlier answer: only turns before it.
 * - returns `hasQueuedJobs`: Something waits, is not yet due, or is being answered.
 * - returns `nextBefore`: Pass as `before` for older turns; null: there are none.
 */
export const getConversationViewForUserAgent = query("people", { for: "read" })(() => ({
  args: {
    ...userAgent,
    limit: opt.number,
    before: opt.number,
  },
  returns: v.object({
    conversationId: v.string(),
    contextHistory: v.array(vHistoryItem),
    pendingToolCalls: v.array(vToolCall),
    queueItems: v.array(vQueueItem),
    hasQueuedJobs: v.boolean(),
    latestMessageId: orNull.string,
    lastUserMessageAt: orNull.number,
    lastAssistantMessageAt: orNull.number,
    nextBefore: orNull.number,
  }),
}));
/** Newest first; `before` is the `_creationTime` of the last one seen. The statuses are chosen before the limit, 1..500 (100). */
export const listQueueItemsForUserAgent = query("people", { for: "read" })(() => ({
  args: {
    ...userAgent,
    statuses: v.optional(v.array(vQueueStatus)),
    limit: opt.number,
    before: opt.number,
  },
  returns: v.array(vQueueItem),
}));
/**
 * The id of the message. Throws `push_no_binding` unless the agent is the user's active one, and what `enqueue` throws.
 * - `saidByUser`: The metadata is the user's and not the host's: what is an address or chooses a lane comes from their binding.
 */
export const sendMessageToUserAgent = mutation("people", {
  for: "write",
  hostOnly: ["saidByUser"],
  fill: ["providerConfig"],
})(() => ({
  args: {
    ...userAgent,
    content: v.string(),
    metadata: v.optional(vMetadata),
    saidByUser: opt.boolean,
    providerConfig: v.optional(vProviderConfig),
  },
  returns: v.string(),
}));

const pushStats = lazy(() => ({
  totalPushJobs: v.number(),
  activePushJobs: v.number(),
  totalDispatches: v.number(),
  latestDispatchAt: orNull.number,
}));
const conversationStats = lazy(() => ({
  contextMessages: v.number(),
  queuedMessages: v.number(),
  failedMessages: v.number(),
}));
/** Each count stops at 200. */
export const getUserAgentPushStats = query("people", { for: "read" })(() => ({
  args: userAgent,
  returns: v.object(pushStats),
}));
/** Zeros unless the agent is the user's active one. The message counts stop at 200. */
export const getUserAgentConversationStats = query("people", { for: "read" })(() => ({
  args: userAgent,
  returns: v.object(conversationStats),
}));
/** `getUserAgentPushStats` and `getUserAgentConversationStats` in one. */
export const getUserAgentUsageStats = query("people", { for: "read" })(() => ({
  args: userAgent,
  returns: v.object({ ...pushStats, ...conversationStats }),
}));

/**
 * - `includeDownloadUrls`: Only for the host itself: a URL opens the archive to whoever has it.
 */
const snapshotArgs = lazy(() => ({
  ...userAgent,
  includeDownloadUrls: opt.boolean,
}));
/** Newest first, 1..200 (50); `before` is the `createdAt` of the last one seen. */
export const listSnapshotsForUserAgent = query("people", { for: "read", hostOnly: ["includeDownloadUrls"] })(
  () => ({
    args: { ...snapshotArgs, limit: opt.number, before: opt.number },
    returns: v.array(vSnapshotView),
  }),
);
/** The newest of `listSnapshotsForUserAgent`; null without one. */
export const getLatestSnapshotForUserAgent = query("people", {
  for: "read",
  hostOnly: ["includeDownloadUrls"],
})(() => ({
  args: snapshotArgs,
  returns: v.union(vSnapshotView, v.null()),
}));
