/** Rare events of a chat: an edit, another right to write, another id. None of them makes a message. */
import { v } from "convex/values";
import { errorDataOf } from "../../contract/errors.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import { loadRuntime } from "../config/runtime.js";
import { asMutation } from "../functions.js";
import { checkedPayload, findConversation } from "../queue/enqueue.js";
import { findBlocked } from "../channels/blockedChats.js";
import { placeOfChat } from "../../policy/identity/conversationIds.js";
import { pageOf } from "../bounds/bounded.js";

/** The newest waiting messages of the chat, of at most 1 MiB, that are looked at; people edit what they just wrote. */
const MAX_LOOKED_AT = 8;

/** Writes one `messageQueue` row, or nothing: for a message that was claimed, is unknown, or would become too long. */
export const replaceWaitingText = asMutation({
  args: { conversationId: v.string(), externalMessageId: v.string(), messageText: v.string() },
  returns: v.null(),
})(async (ctx, { conversationId, externalMessageId, messageText }) => {
  const conversation = await findConversation(ctx, conversationId);
  if (!conversation) return null;
  const waiting = await ctx.db
    .query("messageQueue")
    .withIndex("by_conversation", (q) => q.eq("conversation", conversation._id).eq("status", "queued"))
    .order("desc")
    .take(MAX_LOOKED_AT);
  const message = waiting.find((row) => row.payload.externalMessageId === externalMessageId);
  if (!message || wasClaimed(conversation, message)) return null;
  const { policies } = await loadRuntime(ctx);
  try {
    const payload = checkedPayload({ ...message.payload, messageText }, policies.queue);
    await ctx.db.patch(message._id, { payload });
  } catch (error) {
    if (errorDataOf(error) === null) throw error;
  }
  return null;
});

/** A worker has seen this text already, even if it failed. */
const wasClaimed = (conversation: Doc<"conversations">, message: Doc<"messageQueue">): boolean =>
  conversation.head === message._id &&
  (conversation.state === "held" || conversation.attempts > 0 || conversation.failing !== undefined);

export const noteMembership = asMutation({
  args: { channel: v.string(), accountId: v.string(), chatId: v.string(), blocked: v.boolean() },
  returns: v.null(),
})(async (ctx, { blocked, ...chat }) => {
  const known = await findBlocked(ctx, chat);
  if (blocked && !known) await ctx.db.insert("blockedChats", { ...chat, blockedAt: Date.now() });
  if (!blocked && known) await ctx.db.delete(known._id);
  return null;
});

/** Agents that one group has talked to; normally there is one. */
const MAX_IDENTITIES = 20;
const MAX_BINDINGS = 50;

/**
 * The chat's conversations go on under its new id, and those of its bindings. A channel may say it twice and in any order; the second
 * time there is nothing left to do.
 */
export const migrateChat = asMutation({
  args: { channel: v.string(), accountId: v.string(), fromChatId: v.string(), toChatId: v.string() },
  returns: v.null(),
})(async (ctx, { channel, accountId, fromChatId, toChatId }) => {
  const placeIn = (chatId: string) => placeOfChat({ channel, accountId, chatId });
  const place = placeIn(toChatId);
  const identities = await ctx.db
    .query("conversationIdentities")
    .withIndex("by_place_and_agentKey", (q) => q.eq("place", placeIn(fromChatId)))
    .take(MAX_IDENTITIES);
  for (const identity of identities) {
    const taken = await ctx.db
      .query("conversationIdentities")
      .withIndex("by_place_and_agentKey", (q) => q.eq("place", place).eq("agentKey", identity.agentKey))
      .first();
    if (!taken) await ctx.db.patch(identity._id, { place });
  }
  const bindings = ctx.db
    .query("identityBindings")
    .withIndex("by_chat", (q) =>
      q.eq("channel", channel).eq("chatId", fromChatId).eq("status", "active").eq("accountId", accountId),
    );
  for (const binding of await pageOf(bindings, MAX_BINDINGS))
    await ctx.db.patch(binding._id, { chatId: toChatId });
  return null;
});
