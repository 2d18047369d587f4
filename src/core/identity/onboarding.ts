/** The set-up wizard's state, from stored facts. Reads profile, secrets, bots, bindings and codes; at most 40 documents. */
import * as contract from "../../contract/identity.js";
import { nextAction } from "../../policy/identity/onboarding.js";
import { pairingDeepLink } from "../../policy/identity/pairingCode.js";
import { findAgent } from "../agents/findAgent.js";
import { asQuery } from "../functions.js";
import { telegramRefsOf } from "../channels/telegram/agentBot.js";
import { isWebhookReady, tokenOfAgent } from "../channels/telegram/agentToken.js";
import { activeBinding } from "./bindings.js";
import { newestPairing } from "./pairingStatus.js";
import { openCode } from "./views.js";

export const getUserAgentOnboardingState = asQuery(contract.getUserAgentOnboardingState)(async (
  ctx,
  args,
) => {
  const { consumerUserId, agentKey } = args;
  const agent = await findAgent(ctx, agentKey);
  const token = agent && (await tokenOfAgent(ctx, agent));
  const bot = token?.bot ?? null;
  const webhookReady = isWebhookReady(bot);
  const binding = await activeBinding(ctx, consumerUserId);
  const isOfBot = (row: { telegramBotId?: string | undefined }) =>
    row.telegramBotId === undefined || row.telegramBotId === bot?.botId;
  const paired = binding?.agentKey === agentKey && binding.telegramUserId !== undefined && isOfBot(binding);
  const newest = await newestPairing(ctx, args);
  // A code that only an earlier bot of the agent would take leads nowhere.
  const pairing = newest && (newest.status !== "pending" || isOfBot(newest)) ? newest : null;
  const code = pairing && (await openCode(ctx, pairing));
  const facts = {
    tokenImported: token !== null,
    webhookReady,
    paired,
    pairingStatus: pairing?.status ?? null,
  };
  const telegramUsername = webhookReady ? (bot.username ?? null) : null;
  return {
    agentKey,
    telegramUsername,
    tokenSecretRef:
      token?.secretRef ?? (agent && (telegramRefsOf(agent)[0] ?? `telegram.botToken.${agentKey}`)),
    tokenImported: facts.tokenImported,
    webhookReady,
    pairingCode: code,
    pairingStatus: facts.pairingStatus,
    pairingDeepLink:
      code !== null && telegramUsername !== null ? pairingDeepLink(telegramUsername, code) : null,
    nextAction: nextAction(facts),
  };
});
