/**
 * Whose message it is, and in which conversation it belongs. Two accounts never mix: a binding counts only at its own.
 * Completes a binding with what the channel says and was not known when it was made.
 */
import type { Origin, AccountName, Addressee } from "../../policy/channels/events.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { findAccount, isServedBy, type AccountKey } from "../channels/accounts.js";
import { bindingOfContact, type Binding } from "../identity/contactBinding.js";
import { conversationOfChat, conversationOfUser } from "../identity/conversation.js";
import { channelOf } from "../channels/registry.js";
import { loadRuntime } from "../config/runtime.js";
import { findAlbum } from "./albums.js";

export interface RouteOptions {
  /** The agent that the host named; undefined or blank: none. */
  namedAgentKey: string | undefined;
  resolveFromBinding: boolean;
  requireBinding: boolean;
  fallbackAgentKey: string;
}
export interface Route {
  agentKey: string;
  /** The sender's binding to this very agent at this account. */
  binding: Binding | null;
}

/** The agent of a message, or null when nobody names one. */
export async function routeOf(
  ctx: MutationCtx,
  origin: Origin,
  account: AccountKey,
  options: RouteOptions,
): Promise<Route | null> {
  const binding = await bindingAt(ctx, origin, account);
  const agentKey = options.namedAgentKey?.trim()
    ? options.namedAgentKey.trim()
    : options.resolveFromBinding && binding
      ? binding.agentKey
      : options.requireBinding
        ? null
        : ((await agentOfAccount(ctx, account)) ?? options.fallbackAgentKey.trim());
  if (agentKey === null || agentKey === "") return null;
  return { agentKey, binding: binding?.agentKey === agentKey ? binding : null };
}

/** The agent that the ref of the account's credential names, unless there is none of that key. */
async function agentOfAccount(ctx: MutationCtx, account: AccountKey): Promise<string | null> {
  const agentKey = (await findAccount(ctx, account))?.agentKey ?? null;
  return agentKey !== null && (await findAgent(ctx, agentKey)) ? agentKey : null;
}

async function bindingAt(
  ctx: MutationCtx,
  { userId, chatId }: Origin,
  { channel, accountId }: AccountKey,
): Promise<Binding | null> {
  const binding = await bindingOfContact(ctx, { channel, userId, chatId }, accountId);
  if (binding?.accountId !== undefined || binding === null) return binding;
  const agent = await findAgent(ctx, binding.agentKey);
  return agent && (await isServedBy(ctx, agent, { channel, accountId })) ? binding : null;
}

/** The conversation of a message, claimed for its chat or its user. Throws `conversation_id_exhausted`. */
export async function conversationOf(
  ctx: MutationCtx,
  origin: Origin,
  { channel, accountId }: AccountKey,
  { agentKey, binding }: Route,
): Promise<string> {
  const { chatId, threadId, isPrivate } = origin;
  const chat = { channel, accountId, chatId, threadId };
  if (binding) await complete(ctx, binding, origin, { channel, accountId });
  // A group is one conversation of all who speak in it.
  if (!binding || !isPrivate) return await conversationOfChat(ctx, chat, agentKey);
  return await conversationOfUser(
    ctx,
    { consumerUserId: binding.consumerUserId, agentKey },
    { ...chat, isVouchedFor: binding.source !== "pairing" },
  );
}

/** What was not known when the binding was made. A group is nobody's own chat, so it is not noted. */
async function complete(
  ctx: MutationCtx,
  binding: Binding,
  { chatId, isPrivate }: Origin,
  account: AccountKey,
): Promise<void> {
  const lacksChat = isPrivate && binding.chatId === undefined;
  if (binding.accountId !== undefined && !lacksChat) return;
  await ctx.db.patch(binding._id, {
    accountId: account.accountId,
    accountName: (await findAccount(ctx, account))?.username,
    ...(lacksChat && { chatId }),
  });
}

/** By the channel's policy. A further part of an album goes where its first one went. */
export async function isMeantFor(
  ctx: QueryCtx,
  addressee: (account: AccountName) => Addressee,
  at: { channel: string; accountId: string; chatId: string; albumId?: string | undefined },
): Promise<boolean> {
  const { groups } = channelOf(at.channel).capabilities;
  if (!groups) return false;
  const username = (await findAccount(ctx, at))?.username ?? null;
  const whom = addressee({ accountId: at.accountId, username });
  if (whom !== "nobody") return whom === "account";
  if (groups.wanted((await loadRuntime(ctx)).policies) === "all") return true;
  return at.albumId !== undefined && (await findAlbum(ctx, { ...at, albumId: at.albumId })) !== null;
}
