import { defineTable } from "convex/server";
import { v } from "convex/values";

export const telegramTables = {
  /**
   * One row per bot whose webhook was configured here. Cold: written by configureTelegramWebhook alone, read by every
   * webhook call. Grows with the number of bots.
   */
  telegramBots: defineTable({
    /** The digits before the colon of the token; public, so never a credential. */
    botId: v.string(),
    secretRef: v.string(),
    /** The agent its messages go to when the app names none; null: the app's fallback. */
    agentKey: v.union(v.string(), v.null()),
    webhookUrl: v.optional(v.string()),
    /** When Telegram last confirmed that it delivers to `webhookUrl`. */
    verifiedAt: v.optional(v.number()),
  }).index("by_botId", ["botId"]),

  /**
   * SHA-256 of each secret that a webhook call may carry. More than one per bot is valid while a new one is introduced:
   * it is stored before Telegram hears of it, and the older ones go only some time after Telegram took it. Cold: written
   * by configureTelegramWebhook, read by every webhook call. At most five per bot.
   */
  telegramWebhookSecrets: defineTable({
    botId: v.string(),
    secretHash: v.string(),
  })
    .index("by_secretHash", ["secretHash"])
    .index("by_botId", ["botId"]),

  /**
   * Updates that Telegram delivered and that could not become a message, kept for people. Cold: written by
   * ingestTelegramMessage (once per bot and update), read by listParkedUpdates. Each insert deletes a few rows that are
   * older than 30 days, so the table holds at most the refusals of about a month.
   */
  parkedUpdates: defineTable({
    botId: v.string(),
    updateId: v.number(),
    parkedAt: v.number(),
    agentKey: v.string(),
    code: v.string(),
    message: v.string(),
    rawUpdateJson: v.string(),
  })
    .index("by_bot_and_update", ["botId", "updateId"])
    .index("by_parkedAt", ["parkedAt"]),
};
