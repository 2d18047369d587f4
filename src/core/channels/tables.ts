import { defineTable } from "convex/server";
import { v } from "convex/values";

export const channelsTables = {
  /**
   * One row per account (a bot) whose webhook was configured here: who it is and what the channel said about its webhook.
   * Cold: written by the channel's set-up and by asking about it, read by readiness, pairing and messages without a binding.
   * Grows with the number of accounts.
   */
  channelAccounts: defineTable({
    channel: v.string(),
    /** As the channel has it; public, so never a credential. */
    accountId: v.string(),
    /** As the channel gave it. */
    username: v.optional(v.string()),
    /** The agent its messages go to when neither the app nor a binding names one; null: the app's fallback. */
    agentKey: v.union(v.string(), v.null()),
    webhookUrl: v.optional(v.string()),
    /** When the channel last confirmed that it delivers to `webhookUrl`; absent once it said something else. */
    verifiedAt: v.optional(v.number()),
    checkedAt: v.optional(v.number()),
    currentUrl: v.optional(v.string()),
    pendingUpdateCount: v.optional(v.number()),
    lastErrorMessage: v.optional(v.string()),
    /** Unix seconds. */
    lastErrorDate: v.optional(v.number()),
  }).index("by_account", ["channel", "accountId"]),

  /**
   * What is known about the credential behind a secret ref; never the credential. Cold: written when a user imports one and
   * by the channel's set-up, read by pairing, onboarding and readiness. One row per ref.
   */
  channelCredentials: defineTable({
    channel: v.string(),
    secretRef: v.string(),
    accountId: v.optional(v.string()),
    /** The version of the secret that the channel accepted as `accountId`'s. */
    verifiedVersion: v.optional(v.number()),
    /** The user who imported version `importedVersion`; only they may replace it as a user. */
    importedFor: v.optional(v.string()),
    importedVersion: v.optional(v.number()),
  })
    .index("by_secretRef", ["secretRef"])
    .index("by_account", ["channel", "accountId"]),

  /**
   * SHA-256 of each secret that a webhook call may carry. More than one per account is valid while a new one is introduced:
   * it is stored before the channel hears of it, and the older ones go only some time after it was taken. Cold: written by
   * the channel's set-up (and when a call arrives at another path than before), read by every webhook call. At most five
   * per account.
   */
  webhookSecrets: defineTable({
    channel: v.string(),
    accountId: v.string(),
    secretHash: v.string(),
    /** Where the last call with this secret arrived: how the component learns the prefix of `registerRoutes`. */
    seenPath: v.optional(v.string()),
  })
    .index("by_secretHash", ["secretHash", "channel"])
    .index("by_account", ["channel", "accountId"]),

  /**
   * Chats that have blocked an account, or that it was thrown out of. Cold: written and deleted when the channel says so,
   * read when a message that the chat did not ask for is handed out. Grows with the number of chats that block.
   */
  blockedChats: defineTable({
    channel: v.string(),
    accountId: v.string(),
    chatId: v.string(),
    blockedAt: v.number(),
  }).index("by_chat", ["channel", "accountId", "chatId"]),
};
