/** Reads of `identityBindings`, and where a user's conversation with an agent is. No writes. */
import type { QueryCtx } from "../../component/_generated/server.js";
import { PUSH_PROVIDER } from "../channels/app/channel.js";
import { channelOf } from "../channels/registry.js";
import type { Binding } from "./contactBinding.js";
import { groupConversationId, targetConversationId } from "./conversation.js";
import * as contract from "../../contract/identity.js";
import { asQuery } from "../functions.js";
import { bindingView } from "./views.js";
import { findAgent } from "../agents/findAgent.js";

/** The user's one active binding, or null. One document read. */
export const activeBinding = (ctx: QueryCtx, consumerUserId: string): Promise<Binding | null> =>
  ctx.db
    .query("identityBindings")
    .withIndex("by_consumerUserId_and_status", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("status", "active"),
    )
    .order("desc")
    .first();

/** The newest binding of a user with an agent, active or revoked; null when there never was one. One document read. */
export const newestBinding = (
  ctx: QueryCtx,
  consumerUserId: string,
  agentKey: string,
): Promise<Binding | null> =>
  ctx.db
    .query("identityBindings")
    .withIndex("by_consumerUserId_and_agentKey_and_boundAt", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("agentKey", agentKey),
    )
    .order("desc")
    .first();

/**
 * The host gave the agent to this user, and has not ended it since. A pairing alone is the user's own doing; one that
 * continues what the host gave keeps it.
 */
export const isGranted = ({ status, source, granted }: Binding): boolean =>
  status === "active" && (granted ?? source !== "pairing");

/** Active bindings of a workspace, oldest first: those created after `after` (the `_creationTime` of the last one seen). */
export const activeBindingsOfWorkspace = (ctx: QueryCtx, workspace: string, after: number | null = null) =>
  ctx.db.query("identityBindings").withIndex("by_workspace_and_status", (q) =>
    q
      .eq("workspace", workspace)
      .eq("status", "active")
      .gt("_creationTime", after ?? 0),
  );

export interface ConversationTarget {
  conversationId: string;
  /** The channel of the chat; for a user without one, that of pushes. */
  provider: string;
  /** The user id at the channel, else the chat id, else the user's own id. */
  providerUserId: string;
  /** What names the user and the chat to the channel; empty without any. */
  metadata: Record<string, string>;
  /** Whether there is a chat. */
  hasChat: boolean;
}

/**
 * Where messages for a user and an agent go: the pair's own conversation, the same after every re-pairing, and the chat of
 * their newest binding. Of a user bound in a group it is the group's. Works without a binding. Reads at most 4 documents.
 */
export async function conversationTarget(
  ctx: QueryCtx,
  { consumerUserId, agentKey }: { consumerUserId: string; agentKey: string },
): Promise<ConversationTarget> {
  const binding = await newestBinding(ctx, consumerUserId, agentKey);
  const { channel = "", chatId, userId, accountId = "" } = binding ?? {};
  const { address, capabilities } = channelOf(channel);
  const conversationId =
    chatId === undefined || capabilities.groups?.isGroup(chatId) !== true
      ? await targetConversationId(ctx, { consumerUserId, agentKey })
      : await groupConversationId(ctx, { channel, accountId, chatId }, agentKey);
  return {
    conversationId,
    provider: chatId === undefined ? PUSH_PROVIDER : channel,
    providerUserId: chatId === undefined ? consumerUserId : (userId ?? chatId),
    metadata: address.metadata({ chatId, userId }),
    hasChat: chatId !== undefined,
  };
}

export const getUserAgentBinding = asQuery(contract.getUserAgentBinding)(async (ctx, { consumerUserId }) => {
  const binding = await activeBinding(ctx, consumerUserId);
  return binding && bindingView(binding);
});

export const resolveAgentForUser = asQuery(contract.resolveAgentForUser)(async (ctx, { consumerUserId }) => {
  const binding = await activeBinding(ctx, consumerUserId);
  return { consumerUserId, agentKey: binding?.agentKey ?? null };
});

export const getAgentMembership = asQuery(contract.getAgentMembership)(async (
  ctx,
  { consumerUserId, agentKey },
) => {
  const agent = await findAgent(ctx, agentKey);
  const binding = await newestBinding(ctx, consumerUserId, agentKey);
  return {
    workspace: agent?.workspace ?? null,
    binding: binding?.status ?? null,
    granted: binding !== null && isGranted(binding),
  };
});
