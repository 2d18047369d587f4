/** Chats that an account may not write to at present. Reads `blockedChats`. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

export interface AccountChat {
  channel: string;
  accountId: string;
  chatId: string;
}

export const findBlocked = (
  ctx: QueryCtx,
  { channel, accountId, chatId }: AccountChat,
): Promise<Doc<"blockedChats"> | null> =>
  ctx.db
    .query("blockedChats")
    .withIndex("by_chat", (q) => q.eq("channel", channel).eq("accountId", accountId).eq("chatId", chatId))
    .first();
