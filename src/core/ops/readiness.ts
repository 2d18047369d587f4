/** What an operator should mend before users can write. Reads settings, profiles, secrets, accounts; writes nothing. */
import * as contract from "../../contract/identity.js";
import { hasCredentialField, MISSING_CREDENTIAL } from "../../policy/compat/contacts.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { loadProviderConfig, loadRuntime } from "../config/runtime.js";
import { asQuery } from "../functions.js";
import { activeSecret } from "../secrets/vault.js";
import { fleetIssues } from "./fleetFacts.js";
import type { Account } from "../channels/accounts.js";
import { credentialOfAgent, isHeard, secretsOf } from "../channels/credentials.js";
import { channelOf, namedChannel } from "../channels/registry.js";
import { configuredPath } from "../channels/webhookPath.js";

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
  const credential = agent && (await credentialOfAgent(ctx, agent, namedChannel()));
  const account = credential?.account ?? null;
  const webhookReady = isHeard(account);
  return {
    ...presence,
    missingSecrets,
    ...hasCredentialField(credential !== null),
    webhookReady,
    issues: [
      ...presence.issues,
      ...(credential === null ? [MISSING_CREDENTIAL] : []),
      ...(webhookReady ? [] : ["webhook_not_verified"]),
      ...(account && (await isElsewhere(ctx, account)) ? ["webhook_path_mismatch"] : []),
    ],
  };
});

export const getTelegramAgentReadiness = asQuery(contract.getTelegramAgentReadiness)(
  getAgentOperationalReadiness.handler,
);

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
 * or from the channel, which finds nothing at the URL that was set.
 */
export async function isElsewhere(ctx: QueryCtx, account: Account): Promise<boolean> {
  const { webhook } = channelOf(account.channel).capabilities;
  if (!webhook) return false;
  const path = configuredPath(webhook.path);
  if (account.webhookUrl !== undefined && !account.webhookUrl.endsWith(path)) return true;
  const seen = (await secretsOf(ctx, account)).find((secret) => secret.seenPath !== undefined)?.seenPath;
  if (seen !== undefined) return seen !== path;
  // As in `Wrong response from the webhook: 404 Not Found`.
  return /\b404\b/.test(account.lastErrorMessage ?? "");
}
