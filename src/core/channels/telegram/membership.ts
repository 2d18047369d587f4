/** Chats that the bot may not write to at present. Writes `telegramBlockedChats`. */
import type { Doc } from "../../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../../component/_generated/server.js";

export interface BotChat {
  botId: string;
  chatId: string;
}

export const findBlocked = (
  ctx: QueryCtx,
  { botId, chatId }: BotChat,
): Promise<Doc<"telegramBlockedChats"> | null> =>
  ctx.db
    .query("telegramBlockedChats")
    .withIndex("by_bot_and_chat", (q) => q.eq("botId", botId).eq("chatId", chatId))
    .first();

export async function noteMembership(ctx: MutationCtx, chat: BotChat, blocked: boolean): Promise<void> {
  const known = await findBlocked(ctx, chat);
  if (blocked && !known) await ctx.db.insert("telegramBlockedChats", { ...chat, blockedAt: Date.now() });
  if (!blocked && known) await ctx.db.delete(known._id);
}
