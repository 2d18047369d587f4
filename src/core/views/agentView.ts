/** One user's view of one agent. Reads that user's rows, the profile, and where it is not on the binding the agent's account. */
import type { Infer } from "convex/values";
import type * as contract from "../../contract/views.js";
import { accountNameField } from "../../policy/compat/contacts.js";
import { agentStatus, pairingStatus } from "../../policy/views/agentStatus.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import type { Binding } from "../identity/contactBinding.js";
import { targetConversationId } from "../identity/conversation.js";
import { newestPairing } from "../identity/pairingStatus.js";
import { credentialOfAgent, isHeard } from "../channels/agentCredential.js";
import { namedChannel } from "../channels/registry.js";

export type UserAgentView = Infer<typeof contract.vUserAgentView>;

export interface Pair {
  consumerUserId: string;
  agentKey: string;
}

/**
 * `binding`: the newest of the pair. `hasActive`: the user has an active binding with any agent. Null when nothing is known
 * of the pair and there is no such agent.
 */
export async function userAgentView(
  ctx: QueryCtx,
  pair: Pair,
  { binding, hasActive }: { binding: Binding | null; hasActive: boolean },
): Promise<UserAgentView | null> {
  const agent = await findAgent(ctx, pair.agentKey);
  const pairing = await newestPairing(ctx, pair);
  if (!agent && !binding && !pairing) return null;
  const facts = {
    enabled: agent?.enabled ?? false,
    binding: binding?.status ?? null,
    pairing: pairing?.status ?? null,
  };
  const status = agentStatus(facts);
  const isActive = status === "active";
  return {
    ...pair,
    displayName: binding?.metadata?.displayName ?? null,
    ...accountNameField(await accountName(ctx, agent, binding)),
    version: agent?.version ?? null,
    status,
    bindingStatus: facts.binding,
    pairingStatus: pairingStatus(facts),
    conversationId: binding && (await targetConversationId(ctx, pair)),
    canCreateNewAgent: !hasActive,
    canDisable: isActive,
    canChat: isActive,
    canManagePushJobs: isActive,
  };
}

/** The account that the binding is for, else the agent's own once the channel confirmed it. */
async function accountName(
  ctx: QueryCtx,
  agent: Doc<"agentProfiles"> | null,
  binding: Binding | null,
): Promise<string | null> {
  const channel = namedChannel();
  if (binding?.accountName !== undefined && binding.channel === channel.kind) return binding.accountName;
  const account = agent && ((await credentialOfAgent(ctx, agent, channel))?.account ?? null);
  return isHeard(account) ? (account.username ?? null) : null;
}
