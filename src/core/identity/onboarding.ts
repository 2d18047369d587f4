/** The set-up wizard's state, from stored facts. Reads profile, secrets, accounts, bindings and codes; at most 40 documents. */
import * as contract from "../../contract/identity.js";
import { nextAction } from "../../policy/identity/onboarding.js";
import { accountNameField } from "../../policy/compat/contacts.js";
import { findAgent } from "../agents/findAgent.js";
import { asQuery } from "../functions.js";
import { refsOf } from "../channels/accounts.js";
import { credentialOfAgent, isHeard } from "../channels/credentials.js";
import { namedChannel } from "../channels/registry.js";
import { activeBinding } from "./bindings.js";
import { linkOf, newestPairing } from "./pairingCodes.js";
import { openCode } from "./views.js";

export const getUserAgentOnboardingState = asQuery(contract.getUserAgentOnboardingState)(async (
  ctx,
  args,
) => {
  const { consumerUserId, agentKey } = args;
  const agent = await findAgent(ctx, agentKey);
  const channel = namedChannel();
  const token = agent && (await credentialOfAgent(ctx, agent, channel));
  const account = token?.account ?? null;
  const webhookReady = isHeard(account);
  const binding = await activeBinding(ctx, consumerUserId);
  const isOfAccount = (row: { accountId?: string | undefined }) =>
    row.accountId === undefined || row.accountId === account?.accountId;
  const paired = binding?.agentKey === agentKey && binding.userId !== undefined && isOfAccount(binding);
  const newest = await newestPairing(ctx, args);
  // A code that only an earlier account of the agent would take leads nowhere.
  const pairing = newest && (newest.status !== "pending" || isOfAccount(newest)) ? newest : null;
  const code = pairing && (await openCode(ctx, pairing));
  const facts = {
    tokenImported: token !== null,
    webhookReady,
    paired,
    pairingStatus: pairing?.status ?? null,
  };
  const username = webhookReady ? (account.username ?? null) : null;
  return {
    agentKey,
    ...accountNameField(username),
    tokenSecretRef:
      token?.secretRef ??
      (agent && (refsOf(agent, channel)[0] ?? channel.credential?.refOf(agentKey) ?? null)),
    tokenImported: facts.tokenImported,
    webhookReady,
    pairingCode: code,
    pairingStatus: facts.pairingStatus,
    pairingDeepLink: code === null ? null : linkOf(channel, username, code),
    nextAction: nextAction(facts),
  };
});
