/** Telegram: webhook set-up, the ingestion of updates, and those that could not be taken. */
import { v } from "convex/values";
import { vProviderConfig } from "./providers.js";
import { action, lazy, mutation, opt, orNull, query } from "./row.js";

const vWebhookFacts = lazy(() => ({
  currentUrl: orNull.string,
  pendingUpdateCount: v.number(),
  lastErrorMessage: orNull.string,
  lastErrorDate: orNull.number,
}));

/**
 * Points the bot of a token at this deployment, with a fresh secret. Throws `telegram_token_missing`,
 * `telegram_url_invalid`, `telegram_api_failed`.
 * - returns `botUsername`: The bot's username as Telegram gave it; null when it did not answer.
 */
export const configureTelegramWebhook = action("telegram", { for: "admin" })(() => ({
  args: { convexSiteUrl: v.string(), secretRef: opt.string },
  returns: v.object({
    ok: v.literal(true),
    webhookUrl: v.string(),
    ...vWebhookFacts,
    isReady: v.boolean(),
    description: v.string(),
    botUsername: orNull.string,
  }),
}));
/** Asks Telegram about the agent's webhook and stores what it says. No token: not ready, and Telegram is not asked. */
export const getWebhookReadiness = action("telegram", { for: "admin" })(() => ({
  args: { agentKey: v.string() },
  returns: v.object({
    agentKey: v.string(),
    secretRef: orNull.string,
    ...vWebhookFacts,
    webhookReady: v.boolean(),
  }),
}));

/** Which bot a webhook call came from, by the secret Telegram sent with it; null when the secret is nobody's. */
export const identifyTelegramWebhook = query("lib")(() => ({
  args: { webhookSecret: v.string() },
  returns: v.union(v.null(), v.object({ botId: v.string() })),
}));
/**
 * Takes one update, once: (bot, update id) is the idempotency key. The secret is checked before anything is parsed. What
 * cannot be enqueued (agent disabled, text too large) is parked for inspection instead of being refused for ever.
 * `/start <code>` asks in the chat (`pairingAsked`), and the command in that question binds (`paired`).
 * - `webhookPath`: The path at which the call arrived.
 * - `namedAgentKey`: What the host's `resolveAgentKey` said; null when it threw.
 */
export const ingestTelegramUpdate = mutation("lib")(() => ({
  args: {
    webhookSecret: v.string(),
    rawUpdateJson: v.string(),
    webhookPath: v.string(),
    namedAgentKey: v.optional(orNull.string),
    resolveFromBinding: v.boolean(),
    requireBinding: v.boolean(),
    fallbackAgentKey: v.string(),
    providerConfig: v.optional(vProviderConfig),
  },
  returns: v.union(
    v.object({ kind: v.literal("refused") }),
    v.object({ kind: v.literal("notJson") }),
    v.object({ kind: v.literal("ignored") }),
    v.object({ kind: v.literal("unbound") }),
    v.object({ kind: v.literal("pairingAsked") }),
    v.object({ kind: v.literal("paired"), consumerUserId: v.string(), agentKey: v.string() }),
    v.object({ kind: v.literal("pairingFailed"), error: v.string() }),
    v.object({ kind: v.literal("enqueued"), messageId: v.string() }),
    v.object({ kind: v.literal("parked"), code: v.string() }),
  ),
}));

const vParkedUpdate = lazy(() =>
  v.object({
    parkedId: v.string(),
    parkedAt: v.number(),
    botId: v.string(),
    updateId: v.number(),
    agentKey: v.string(),
    code: v.string(),
    message: v.string(),
    rawUpdateJson: v.string(),
  }),
);
/** Newest first; at most 50. */
export const listParkedUpdates = query("operators", { for: "admin" })(() => ({
  args: { limit: opt.number },
  returns: v.array(vParkedUpdate),
}));
/**
 * Enqueues a parked message after its cause was mended, for `agentKey` or the agent it was for. Throws what enqueueing
 * throws (the update stays parked), `parked_update_not_found`, `parked_update_incomplete`.
 */
export const redriveParkedUpdate = mutation("operators", { for: "admin" })(() => ({
  args: { parkedId: v.string(), agentKey: opt.string },
  returns: v.object({ messageId: v.string() }),
}));
/** Deletes a parked update; `discarded` is false when there is none of that id. */
export const discardParkedUpdate = mutation("operators", { for: "admin" })(() => ({
  args: { parkedId: v.string() },
  returns: v.object({ discarded: v.boolean() }),
}));
