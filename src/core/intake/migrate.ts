/**
 * A group has become a supergroup: its conversations go on under the new chat's id, those of its bindings too. Telegram
 * says it twice and in any order; the second time there is nothing left to do. Writes `conversationIdentities`,
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
  args: { botId: v.string(), fromChatId: v.string(), toChatId: v.string() },
  returns: v.null(),
})(async (ctx, { botId, fromChatId, toChatId }) => {
  const place = placeOfChat({ botId, chatId: toChatId });
  const identities = await ctx.db
    .query("conversationIdentities")
    .withIndex("by_place_and_agentKey", (q) => q.eq("place", placeOfChat({ botId, chatId: fromChatId })))
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
    .withIndex("by_telegramChatId_and_status", (q) =>
      q.eq("telegramChatId", fromChatId).eq("status", "active").eq("telegramBotId", botId),
    );
  for (const binding of await pageOf(bindings, MAX_BINDINGS))
    await ctx.db.patch(binding._id, { telegramChatId: toChatId });
  return null;
});
