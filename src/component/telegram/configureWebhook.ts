/**
 * Points a bot's webhook at this deployment. Each call introduces a fresh secret: stored first, then given to Telegram,
 * so that no delivery is refused in between; the ones before it end some minutes later. Crash anywhere: the old secret
 * still works and the next call starts over. Writes `telegramBots`, `telegramWebhookSecrets`.
 */
import { v } from "convex/values";
import { factoryError } from "../../contract/errors.js";
import { defaultPathPrefix, telegramWebhookPath } from "../../contract/gateway.js";
import * as contract from "../../contract/telegram.js";
import { agentKeyOfSecretRef, botIdOfToken } from "../../policy/telegram/botToken.js";
import { decideWebhookUrl, isSelfHostedBotApi } from "../../policy/telegram/webhookUrl.js";
import { internal } from "../_generated/api.js";
import { env, internalQuery } from "../_generated/server.js";
import { asAction } from "../functions.js";
import { openSecret } from "../secrets/vault.js";
import { botApiBaseUrl, getWebhookInfo, setWebhook, type BotApi } from "./botApi.js";
import { hashWebhookSecret, newWebhookSecret } from "./webhookSecrets.js";

const DEFAULT_SECRET_REF = "telegram.botToken.default";

/** The token for the action below. Its result stays inside the component: nothing else can call it. */
export const openBotToken = internalQuery({
  args: { secretRef: v.string() },
  returns: v.union(v.string(), v.null()),
  handler: (ctx, { secretRef }) => openSecret(ctx, secretRef),
});

/** Throws `telegram_token_missing`, `telegram_url_invalid`, `telegram_api_failed`. */
export const configureTelegramWebhook = asAction(contract.configureTelegramWebhook)(async (ctx, args) => {
  const secretRef = args.secretRef ?? DEFAULT_SECRET_REF;
  const token = (await ctx.runQuery(internal.telegram.configureWebhook.openBotToken, { secretRef }))?.trim();
  if (!token) {
    throw factoryError(
      "telegram_token_missing",
      `Missing Telegram token. Import an active '${secretRef}' secret before pairing.`,
    );
  }
  const botId = botIdOfToken(token);
  if (botId === null) {
    throw factoryError("telegram_token_missing", `Secret '${secretRef}' does not hold a Telegram bot token.`);
  }
  const api: BotApi = { baseUrl: botApiBaseUrl(env.TELEGRAM_API_BASE_URL), token };
  const webhookUrl = webhookUrlOrThrow(args.convexSiteUrl, api.baseUrl);

  const secretToken = newWebhookSecret();
  const secretHash = await hashWebhookSecret(secretToken);
  const agentKey = agentKeyOfSecretRef(secretRef);
  await ctx.runMutation(internal.telegram.webhookSecrets.introduce, {
    botId,
    secretHash,
    secretRef,
    agentKey,
  });
  const set = await setWebhook(api, { url: webhookUrl, secretToken });
  if (set.kind !== "set") {
    // Without a clear refusal Telegram may be using the new secret already: it stays accepted.
    if (set.kind === "refused") {
      await ctx.runMutation(internal.telegram.webhookSecrets.withdraw, { botId, secretHash });
    }
    throw factoryError("telegram_api_failed", `Telegram setWebhook failed: ${set.description}`);
  }
  await ctx.runMutation(internal.telegram.webhookSecrets.confirm, { botId, secretHash, webhookUrl });

  const info = await getWebhookInfo(api);
  const isReady = info.url === webhookUrl;
  if (isReady) await ctx.runMutation(internal.telegram.webhookSecrets.verified, { botId, webhookUrl });
  return {
    ok: true as const,
    webhookUrl,
    currentUrl: info.url === "" ? null : info.url,
    isReady,
    pendingUpdateCount: info.pending_update_count,
    lastErrorMessage: info.last_error_message ?? null,
    lastErrorDate: info.last_error_date ?? null,
    description: set.description,
  };
});

/** A self-hosted Bot API server delivers to plain http webhooks; Telegram's own refuses them. */
function webhookUrlOrThrow(siteUrl: string, apiBaseUrl: string): string {
  const path = telegramWebhookPath(env.AGENT_FACTORY_PATH_PREFIX ?? defaultPathPrefix);
  const decision = decideWebhookUrl(siteUrl, path, isSelfHostedBotApi(apiBaseUrl));
  if (!decision.ok) throw factoryError("telegram_url_invalid", decision.message);
  return decision.url;
}
