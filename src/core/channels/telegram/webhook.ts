/**
 * Points a bot's webhook at this deployment. Each call introduces a fresh secret: stored first, then given to Telegram,
 * so that no delivery is refused in between; the ones before it end some minutes later. Crash anywhere: the old secret
 * still works and the next call starts over. Writes `channelAccounts`, `channelCredentials`, `webhookSecrets`.
 */
import { v, type Infer } from "convex/values";
import { factoryError } from "../../../contract/errors.js";
import { telegramWebhookPath } from "../../../contract/paths.js";
import * as contract from "../../../contract/telegram.js";
import { sha256Hex } from "../../../policy/text/sha256.js";
import {
  agentKeyOfSecretRef,
  botIdOfToken,
  botTokenRefOf,
  BOT_TOKEN_REF,
} from "../../../policy/telegram/botToken.js";
import { decideWebhookUrl, isSelfHostedBotApi } from "../../../policy/telegram/webhookUrl.js";
import { internal } from "../../../component/_generated/api.js";
import { env, type ActionCtx } from "../../../component/_generated/server.js";
import { asAction, asQuery } from "../../functions.js";
import { activeSecret, openSecret } from "../../secrets/vault.js";
import { configuredPath } from "../webhookPath.js";
import { botApiBaseUrl, getMe, getWebhookInfo, setWebhook, type BotApi, type WebhookInfo } from "./botApi.js";
import { newWebhookSecret } from "./webhookRows.js";
import { findAgent } from "../../agents/findAgent.js";
import { findAccount, refsOf } from "../accounts.js";
import { TELEGRAM, telegram } from "./channel.js";

const DEFAULT_SECRET_REF = botTokenRefOf("default");

/** The token for the action below. Its result stays inside the component: nothing else can call it. */
export const openBotToken = asQuery({
  args: { secretRef: v.string() },
  returns: v.union(v.object({ token: v.string(), version: v.number() }), v.null()),
})(async (ctx, { secretRef }) => {
  const token = (await openSecret(ctx, secretRef))?.trim() ?? "";
  const row = await activeSecret(ctx, secretRef);
  return token === "" || !row ? null : { token, version: row.version };
});

/** Throws `telegram_token_missing`, `telegram_url_invalid`, `telegram_api_failed`. */
export const configureTelegramWebhook = asAction(contract.configureTelegramWebhook)(async (ctx, args) => {
  const secretRef = args.secretRef ?? DEFAULT_SECRET_REF;
  const bot = await botOfSecret(ctx, secretRef);
  const api: BotApi = { baseUrl: botApiBaseUrl(env.TELEGRAM_API_BASE_URL), token: bot.token };
  const webhookUrl = webhookUrlOrThrow(args.convexSiteUrl, api.baseUrl);
  const description = await introduceWebhook(ctx, api, { ...bot, secretRef, webhookUrl });

  const asked = await getWebhookInfo(api);
  if (!asked.ok) {
    throw factoryError("telegram_api_failed", `Telegram getWebhookInfo failed: ${asked.description}`);
  }
  const info = asked.result;
  const isReady = info.url === webhookUrl;
  const me = await getMe(api);
  // The token's own id, so that no proxy can attribute one bot's name to another.
  const username = me.ok && String(me.result.id) === bot.accountId ? me.result.username : undefined;
  const observed = { accountId: bot.accountId, isReady, info: factsOf(info), username };
  await ctx.runMutation(internal.telegram.recordObservedWebhook, observed);
  return {
    ok: true as const,
    webhookUrl,
    ...webhookFactsView(info),
    isReady,
    description,
    botUsername: username ?? null,
  };
});

async function botOfSecret(ctx: ActionCtx, secretRef: string) {
  const secret: { token: string; version: number } | null = await ctx.runQuery(
    internal.telegram.openBotToken,
    { secretRef },
  );
  if (!secret) {
    throw factoryError(
      "telegram_token_missing",
      `Missing Telegram token. Import an active '${secretRef}' secret before pairing.`,
    );
  }
  const accountId = botIdOfToken(secret.token);
  if (accountId === null) {
    throw factoryError("telegram_token_missing", `Secret '${secretRef}' does not hold a Telegram bot token.`);
  }
  return { ...secret, accountId };
}

/** Gives Telegram the URL with a fresh secret; its description. */
async function introduceWebhook(
  ctx: ActionCtx,
  api: BotApi,
  bot: { accountId: string; secretRef: string; version: number; webhookUrl: string },
): Promise<string> {
  const { accountId, secretRef, version, webhookUrl } = bot;
  const secretToken = newWebhookSecret();
  const secretHash = await sha256Hex(secretToken);
  const agentKey = agentKeyOfSecretRef(secretRef);
  await ctx.runMutation(internal.telegram.introduceWebhookSecret, { accountId, secretHash, agentKey });
  const set = await setWebhook(api, { url: webhookUrl, secretToken });
  if (set.kind !== "set") {
    // Without a clear refusal Telegram may be using the new secret already: it stays accepted.
    if (set.kind === "refused") {
      await ctx.runMutation(internal.telegram.withdrawWebhookSecret, { accountId, secretHash });
    }
    throw factoryError("telegram_api_failed", `Telegram setWebhook failed: ${set.description}`);
  }
  const taken = { accountId, secretHash, secretRef, version, agentKey, webhookUrl };
  await ctx.runMutation(internal.telegram.recordAcceptedWebhook, taken);
  return set.description;
}

/** A self-hosted Bot API server delivers to plain http webhooks; Telegram's own refuses them. */
function webhookUrlOrThrow(siteUrl: string, apiBaseUrl: string): string {
  const path = configuredPath(telegramWebhookPath);
  const decision = decideWebhookUrl(siteUrl, path, isSelfHostedBotApi(apiBaseUrl));
  if (!decision.ok) throw factoryError("telegram_url_invalid", decision.message);
  return decision.url;
}

/** As the tables keep it. */
const factsOf = (info: WebhookInfo) => ({
  url: info.url,
  pendingUpdateCount: info.pending_update_count,
  lastErrorMessage: info.last_error_message,
  lastErrorDate: info.last_error_date,
});

/** As callers see it. */
const webhookFactsView = (info: WebhookInfo) => ({
  currentUrl: info.url === "" ? null : info.url,
  pendingUpdateCount: info.pending_update_count,
  lastErrorMessage: info.last_error_message ?? null,
  lastErrorDate: info.last_error_date ?? null,
});

const vAgentToken = v.object({
  secretRef: v.string(),
  token: v.string(),
  accountId: v.union(v.string(), v.null()),
  /** What was set here; null when this bot's webhook was never configured here. */
  webhookUrl: v.union(v.string(), v.null()),
});

/** For the action below alone: the first token among the profile's refs and the two customary ones. */
export const openAgentToken = asQuery({
  args: { agentKey: v.string() },
  returns: v.union(vAgentToken, v.null()),
})(async (ctx, { agentKey }) => {
  const agent = await findAgent(ctx, agentKey);
  const own = agent ? refsOf(agent, telegram) : [];
  const refs = new Set([...own, botTokenRefOf(agentKey), BOT_TOKEN_REF]);
  for (const secretRef of refs) {
    const token = (await openSecret(ctx, secretRef))?.trim() ?? "";
    if (token === "") continue;
    const accountId = botIdOfToken(token);
    const bot = accountId === null ? null : await findAccount(ctx, { channel: TELEGRAM, accountId });
    return { secretRef, token, accountId, webhookUrl: bot?.webhookUrl ?? null };
  }
  return null;
});

const unknown = { currentUrl: null, pendingUpdateCount: 0, lastErrorMessage: null, lastErrorDate: null };

/** Never throws for what Telegram says: a revoked token is not ready, with Telegram's words as the last error. */
export const getWebhookReadiness = asAction(contract.getWebhookReadiness)(async (ctx, { agentKey }) => {
  const found: Infer<typeof vAgentToken> | null = await ctx.runQuery(internal.telegram.openAgentToken, {
    agentKey,
  });
  if (!found) return { agentKey, secretRef: null, ...unknown, webhookReady: false };
  const { secretRef, token, accountId, webhookUrl } = found;
  const asked = await getWebhookInfo({ baseUrl: botApiBaseUrl(env.TELEGRAM_API_BASE_URL), token });
  const webhookReady = asked.ok && isOurs(asked.result.url, webhookUrl);
  if (accountId !== null && webhookUrl !== null) {
    await ctx.runMutation(internal.telegram.recordObservedWebhook, {
      accountId,
      isReady: webhookReady,
      info: asked.ok ? factsOf(asked.result) : null,
    });
  }
  const facts = asked.ok
    ? webhookFactsView(asked.result)
    : { ...unknown, lastErrorMessage: asked.description };
  return { agentKey, secretRef, ...facts, webhookReady };
});

/** A bot that was configured before these facts were kept is recognised by the path alone. */
const isOurs = (reported: string, webhookUrl: string | null): boolean =>
  webhookUrl === null ? reported.endsWith(configuredPath(telegramWebhookPath)) : reported === webhookUrl;
