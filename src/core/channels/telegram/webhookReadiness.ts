/** Asks Telegram about an agent's webhook now, and keeps the answer for onboarding and readiness. Writes `channelAccounts`. */
import { v } from "convex/values";
import * as contract from "../../../contract/telegram.js";
import { BOT_TOKEN_REF, botIdOfToken, botTokenRefOf } from "../../../policy/telegram/botToken.js";
import { internal } from "../../../component/_generated/api.js";
import { env } from "../../../component/_generated/server.js";
import { findAgent } from "../../agents/findAgent.js";
import { asAction, asQuery } from "../../functions.js";
import { openSecret } from "../../secrets/vault.js";
import { telegramWebhookPath } from "../../../contract/paths.js";
import { findAccount, refsOf } from "../accounts.js";
import { configuredPath } from "../webhookPath.js";
import { TELEGRAM, telegram } from "./channel.js";
import { botApiBaseUrl, getWebhookInfo } from "./botApi.js";
import { factsOf, webhookFactsView } from "./configureWebhook.js";

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
  const found: {
    secretRef: string;
    token: string;
    accountId: string | null;
    webhookUrl: string | null;
  } | null = await ctx.runQuery(internal.telegram.openAgentToken, { agentKey });
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
