/**
 * A chat has another id: its conversations go on under that one, those of its bindings too. A channel may say it twice and
 * in any order; the second time there is nothing left to do. Writes `conversationIdentities`,
 * `identityBindings`.
 */
import { v } from "convex/values";
import { placeOfChat } from "../../policy/identity/conversationIds.js";
import { asMutation } from "../functions.js";
import { pageOf } from "../bounds/bounded.js";

/** Agents that one group has talked to; normally there is one. */
const MAX_IDENTITIES = 20;
const MAX_BINDINGS = 50;

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
