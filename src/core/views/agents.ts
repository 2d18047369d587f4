/** A user's agents. What it reads grows with that user's agents alone, whatever the number of bindings, users and codes. */
import * as contract from "../../contract/views.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { asQuery } from "../functions.js";
import { activeBinding, newestBinding } from "../identity/bindings.js";
import type { Binding } from "../identity/contactBinding.js";
import { pageOf } from "../bounds/bounded.js";
import type { Infer } from "convex/values";
import { accountNameField } from "../../policy/compat/contacts.js";
import { agentStatus, pairingStatus } from "../../policy/views/agentStatus.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import { findAgent } from "../agents/findAgent.js";
import { targetConversationId } from "../identity/conversation.js";
import { newestPairing } from "../identity/pairingCodes.js";
import { credentialOfAgent, isHeard } from "../channels/credentials.js";
import { namedChannel } from "../channels/registry.js";

/** Each is about ten documents to read. */
const MAX_AGENTS = 200;

export const listUserAgents = asQuery(contract.listUserAgents)(async (ctx, args) => {
  const agents = await agentsOf(ctx, args.consumerUserId, await activeBinding(ctx, args.consumerUserId));
  return args.includeDisabled === false ? agents.filter(({ status }) => status !== "disabled") : agents;
});

export const getUserAgent = asQuery(contract.getUserAgent)(async (ctx, { consumerUserId, agentKey }) => {
  const binding = await newestBinding(ctx, consumerUserId, agentKey);
  const hasActive = (await activeBinding(ctx, consumerUserId)) !== null;
  return await userAgentView(ctx, { consumerUserId, agentKey }, { binding, hasActive });
});

export const getActiveUserAgent = asQuery(contract.getActiveUserAgent)(async (ctx, { consumerUserId }) => {
  const binding = await activeBinding(ctx, consumerUserId);
  if (!binding) return null;
  const { agentKey } = binding;
  return await userAgentView(ctx, { consumerUserId, agentKey }, { binding, hasActive: true });
});

export const getUserAgentsOverview = asQuery(contract.getUserAgentsOverview)(async (
  ctx,
  { consumerUserId },
) => {
  const active = await activeBinding(ctx, consumerUserId);
  return {
    agents: await agentsOf(ctx, consumerUserId, active),
    activeAgentKey: active?.agentKey ?? null,
    canCreateNewAgent: active === null,
  };
});

async function agentsOf(
  ctx: QueryCtx,
  consumerUserId: string,
  active: Binding | null,
): Promise<UserAgentView[]> {
  const bound = await pageOf(newestBindingPerAgent(ctx, consumerUserId), MAX_AGENTS);
  bound.sort((a, b) => b.boundAt - a.boundAt || b._creationTime - a._creationTime);
  const waiting = await pendingAgentKeys(ctx, consumerUserId);
  const bindings = new Map(bound.map((binding) => [binding.agentKey, binding]));
  const agentKeys = new Set([...bindings.keys(), ...waiting]);
  const views = await Promise.all(
    [...agentKeys].map((agentKey) =>
      userAgentView(
        ctx,
        { consumerUserId, agentKey },
        { binding: bindings.get(agentKey) ?? null, hasActive: active !== null },
      ),
    ),
  );
  return views.filter((view) => view !== null);
}

/** One document per agent, however often the user came back to it: each step jumps over the rest of an agent's rows. */
async function* newestBindingPerAgent(ctx: QueryCtx, consumerUserId: string): AsyncGenerator<Binding> {
  for (let below: string | null = null; ;) {
    const before: string | null = below;
    const next: Binding | null = await ctx.db
      .query("identityBindings")
      .withIndex("by_consumerUserId_and_agentKey_and_boundAt", (q) => {
        const ofUser = q.eq("consumerUserId", consumerUserId);
        return before === null ? ofUser : ofUser.lt("agentKey", before);
      })
      .order("desc")
      .first();
    if (!next) return;
    yield next;
    below = next.agentKey;
  }
}

/** Newest first. Codes that expired are marked by the sweep, so none is read here for long. */
async function pendingAgentKeys(ctx: QueryCtx, consumerUserId: string): Promise<string[]> {
  const rows = await ctx.db
    .query("pairingCodes")
    .withIndex("by_consumerUserId_and_status", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("status", "pending"),
    )
    .order("desc")
    .take(MAX_AGENTS);
  return rows.map(({ agentKey }) => agentKey);
}

export type UserAgentView = Infer<typeof contract.vUserAgentView>;

export interface Pair {
  consumerUserId: string;
  agentKey: string;
}

/**
 * `binding`: the newest of the pair. `hasActive`: the user has an active binding with any agent. Null when nothing is known
 * of the pair and there is no such agent.
 */
async function userAgentView(
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
