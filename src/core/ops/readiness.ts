/** What an operator should mend before users can write. Reads settings, profiles, secrets, bots; writes nothing. */
import * as contract from "../../contract/identity.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { loadProviderConfig } from "../config/provider.js";
import { loadRuntime } from "../config/runtime.js";
import { asQuery } from "../functions.js";
import { activeSecret } from "../secrets/vault.js";
import { fleetIssues } from "./fleetIssues.js";
import { type Bot } from "../channels/telegram/agentBot.js";
import { isWebhookReady, tokenOfAgent } from "../channels/telegram/agentToken.js";
import { configuredWebhookPath } from "../channels/telegram/configureWebhook.js";
import { secretsOf } from "../channels/telegram/webhookSecrets.js";

export const getProviderOperationalReadiness = asQuery(contract.getProviderOperationalReadiness)((ctx) =>
  configPresence(ctx),
);

export const getAgentOperationalReadiness = asQuery(contract.getAgentOperationalReadiness)(async (
  ctx,
  { agentKey },
) => {
  const presence = await configPresence(ctx);
  const agent = await findAgent(ctx, agentKey);
  const missingSecrets: string[] = [];
  for (const ref of agent?.secretsRef ?? []) {
    if (!(await activeSecret(ctx, ref))) missingSecrets.push(ref);
  }
  const token = agent && (await tokenOfAgent(ctx, agent));
  const webhookReady = isWebhookReady(token?.bot ?? null);
  return {
    ...presence,
    missingSecrets,
    hasTelegramToken: token !== null,
    webhookReady,
    issues: [
      ...presence.issues,
      ...(token === null ? ["missing_telegram_token"] : []),
      ...(webhookReady ? [] : ["webhook_not_verified"]),
      ...(token?.bot && (await isElsewhere(ctx, token.bot)) ? ["webhook_path_mismatch"] : []),
    ],
  };
});

async function configPresence(ctx: QueryCtx) {
  const details = await fleetIssues(ctx);
  const providerRuntimeConfigPresent = (await loadProviderConfig(ctx)) !== null;
  const workerRuntimeConfigPresent = (await loadRuntime(ctx)).systemPrompt !== null;
  return {
    providerRuntimeConfigPresent,
    workerRuntimeConfigPresent,
    issues: [
      ...(providerRuntimeConfigPresent ? [] : ["missing_provider_runtime_config"]),
      ...(workerRuntimeConfigPresent ? [] : ["missing_message_runtime_config"]),
      ...details.map(({ code }) => code),
    ],
    ...(details.length > 0 ? { details } : {}),
  };
}

/**
 * `AGENT_FACTORY_PATH_PREFIX` and the `pathPrefix` of `registerRoutes` differ. Known from the path that calls arrive at,
 * or from Telegram, which finds nothing at the URL that was set.
 */
export async function isElsewhere(ctx: QueryCtx, bot: Bot): Promise<boolean> {
  const path = configuredWebhookPath();
  if (bot.webhookUrl !== undefined && !bot.webhookUrl.endsWith(path)) return true;
  const seen = (await secretsOf(ctx, bot.botId)).find((secret) => secret.seenPath !== undefined)?.seenPath;
  if (seen !== undefined) return seen !== path;
  // Telegram: `Wrong response from the webhook: 404 Not Found`.
  return /\b404\b/.test(bot.lastErrorMessage ?? "");
}
