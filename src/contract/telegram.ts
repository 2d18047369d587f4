/** Telegram: webhook set-up and the ingestion of updates. */
import { v } from "convex/values";
import { defineRow } from "./row.js";

export const configureTelegramWebhook = defineRow({
  args: { convexSiteUrl: v.string(), secretRef: v.optional(v.string()) },
  returns: v.object({
    ok: v.literal(true),
    webhookUrl: v.string(),
    currentUrl: v.union(v.string(), v.null()),
    isReady: v.boolean(),
    pendingUpdateCount: v.number(),
    lastErrorMessage: v.union(v.string(), v.null()),
    lastErrorDate: v.union(v.number(), v.null()),
    description: v.string(),
  }),
});
/** Which bot a webhook call came from, by the secret Telegram sent with it; null when the secret is nobody's. */
export const identifyTelegramWebhook = defineRow({
  args: { webhookSecret: v.string() },
  returns: v.union(v.null(), v.object({ botId: v.string(), agentKey: v.union(v.string(), v.null()) })),
});
/**
 * Stores one parsed message of an update, once: (bot, update id) is the idempotency key. What cannot be enqueued
 * (agent disabled, text too large) is parked for inspection instead of being refused for ever.
 */
export const ingestTelegramMessage = defineRow({
  args: {
    webhookSecret: v.string(),
    updateId: v.number(),
    agentKey: v.string(),
    chatId: v.string(),
    senderId: v.string(),
    messageText: v.string(),
    externalMessageId: v.string(),
    rawUpdateJson: v.string(),
    metadata: v.record(v.string(), v.string()),
  },
  returns: v.union(
    v.object({ kind: v.literal("enqueued"), messageId: v.string() }),
    v.object({ kind: v.literal("parked"), code: v.string() }),
    v.object({ kind: v.literal("refused") }),
  ),
});
export const vParkedUpdate = v.object({
  parkedId: v.string(),
  parkedAt: v.number(),
  botId: v.string(),
  updateId: v.number(),
  agentKey: v.string(),
  code: v.string(),
  message: v.string(),
  rawUpdateJson: v.string(),
});
export const listParkedUpdates = defineRow({
  args: { limit: v.optional(v.number()) },
  returns: v.array(vParkedUpdate),
});
