import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vFileKind } from "../../contract/attachments.js";

export const telegramTables = {
  /**
   * One row per bot whose webhook was configured here: who it is and what Telegram said about its webhook. Cold: written
   * by configureTelegramWebhook and getWebhookReadiness, read by readiness, pairing and messages without a binding. Grows
   * with the number of bots.
   */
  telegramBots: defineTable({
    /** The digits before the colon of the token; public, so never a credential. */
    botId: v.string(),
    /** As `getMe` gave it. */
    username: v.optional(v.string()),
    /** The agent its messages go to when neither the app nor a binding names one; null: the app's fallback. */
    agentKey: v.union(v.string(), v.null()),
    webhookUrl: v.optional(v.string()),
    /** When Telegram last confirmed that it delivers to `webhookUrl`; absent once it said something else. */
    verifiedAt: v.optional(v.number()),
    checkedAt: v.optional(v.number()),
    currentUrl: v.optional(v.string()),
    pendingUpdateCount: v.optional(v.number()),
    lastErrorMessage: v.optional(v.string()),
    /** Unix seconds, as Telegram gives it. */
    lastErrorDate: v.optional(v.number()),
  }).index("by_botId", ["botId"]),

  /**
   * What is known about the token behind a secret ref; never the token. Cold: written by importTelegramTokenForAgent and
   * configureTelegramWebhook, read by pairing, onboarding and readiness. One row per ref.
   */
  telegramTokens: defineTable({
    secretRef: v.string(),
    botId: v.optional(v.string()),
    /** The version of the secret that Telegram accepted as `botId`'s. */
    verifiedVersion: v.optional(v.number()),
    /** The user who imported version `importedVersion`; only they may replace it as a user. */
    importedFor: v.optional(v.string()),
    importedVersion: v.optional(v.number()),
  })
    .index("by_secretRef", ["secretRef"])
    .index("by_botId", ["botId"]),

  /**
   * SHA-256 of each secret that a webhook call may carry. More than one per bot is valid while a new one is introduced:
   * it is stored before Telegram hears of it, and the older ones go only some time after Telegram took it. Cold: written
   * by configureTelegramWebhook (and when a call arrives at another path than before), read by every webhook call. At
   * most five per bot.
   */
  telegramWebhookSecrets: defineTable({
    botId: v.string(),
    secretHash: v.string(),
    /** Where the last call with this secret arrived: how the component learns the prefix of `registerRoutes`. */
    seenPath: v.optional(v.string()),
  })
    .index("by_secretHash", ["secretHash"])
    .index("by_botId", ["botId"]),

  /**
   * Albums of the last day: which message their parts go to. Cold: written per part, read by the next one and by the timer
   * that ends the collecting. Swept a day after the last part.
   */
  telegramAlbums: defineTable({
    botId: v.string(),
    chatId: v.string(),
    /** Telegram's `media_group_id`. */
    albumId: v.string(),
    message: v.id("messageQueue"),
    /** A second after the last part. */
    openUntil: v.number(),
    /** By Telegram's message id; at most one per part. */
    captions: v.array(v.object({ place: v.number(), text: v.string() })),
    /** What came so far, so that a part need not read the others. */
    files: v.array(v.object({ kind: vFileKind, fileId: v.string() })),
  })
    .index("by_album", ["botId", "chatId", "albumId"])
    .index("by_openUntil", ["openUntil"]),

  /**
   * Chats that have blocked a bot, or that it was thrown out of. Cold: written and deleted by `my_chat_member` updates, read
   * when a message that the chat did not ask for is handed out. Grows with the number of chats that block.
   */
  telegramBlockedChats: defineTable({
    botId: v.string(),
    chatId: v.string(),
    blockedAt: v.number(),
  }).index("by_bot_and_chat", ["botId", "chatId"]),

  /**
   * Updates that Telegram delivered and that could not become a message, kept for people. Cold: written by
   * ingestTelegramUpdate (once per bot and update), read by listParkedUpdates, deleted by redriveParkedUpdate,
   * discardParkedUpdate and a sweep after 30 days.
   */
  parkedUpdates: defineTable({
    botId: v.string(),
    updateId: v.number(),
    parkedAt: v.number(),
    agentKey: v.string(),
    code: v.string(),
    message: v.string(),
    rawUpdateJson: v.string(),
    /** Only the beginning of the update was kept. */
    truncated: v.optional(v.boolean()),
  })
    .index("by_bot_and_update", ["botId", "updateId"])
    .index("by_parkedAt", ["parkedAt"]),
};
