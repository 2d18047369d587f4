import type { Chat } from "@grammyjs/types";
import { ApiFailure, badRequest } from "./apiFailure.js";
import type { Bot, BotChat } from "./bot.js";
import type { ChatSpec } from "./types.js";

/** Kind of a chat when nobody said: Telegram's id ranges. */
function typeOf(chatId: number): NonNullable<ChatSpec["type"]> {
  if (chatId > 0) return "private";
  return String(chatId).startsWith("-100") && chatId < -1_000_000_000_000 ? "supergroup" : "group";
}

/** Makes a chat known to the bot; replaces an earlier one of the same id. */
export function addChat(bot: Bot, spec: ChatSpec): BotChat {
  const known: BotChat = {
    chat: wireChat(spec),
    state: "open",
    lastMessageId: 0,
    threads: new Set(spec.threads),
    messages: new Map(),
  };
  bot.chats.set(spec.chatId, known);
  return known;
}

function wireChat(spec: ChatSpec): Chat {
  const { chatId: id, username } = spec;
  const title = spec.title ?? `Chat ${id}`;
  switch (spec.type ?? typeOf(id)) {
    case "private":
      return {
        id,
        type: "private",
        first_name: spec.title ?? `User ${id}`,
        ...(username ? { username } : {}),
      };
    case "group":
      return { id, type: "group", title };
    case "supergroup": {
      const forum = spec.threads ? { is_forum: true as const } : {};
      return { id, type: "supergroup", title, ...(username ? { username } : {}), ...forum };
    }
    case "channel":
      return { id, type: "channel", title, ...(username ? { username } : {}) };
  }
}

/** @throws ApiFailure 400 for an empty id or an unknown chat. */
export function findChat(bot: Bot, chatId: number | string): BotChat {
  if (chatId === "") throw badRequest("chat_id is empty");
  const found =
    typeof chatId === "string" && chatId.startsWith("@")
      ? [...bot.chats.values()].find(({ chat }) => "username" in chat && `@${chat.username}` === chatId)
      : bot.chats.get(Number(chatId));
  if (!found) throw badRequest("chat not found");
  return found;
}

/**
 * Refuses what a bot may not send to.
 * @throws ApiFailure 400 or 403 in Telegram's words.
 */
export function requireWritable({ chat, state, migratedTo }: BotChat): void {
  if (migratedTo !== undefined) {
    throw new ApiFailure(400, "Bad Request: group chat was upgraded to a supergroup chat", {
      migrate_to_chat_id: migratedTo,
    });
  }
  const place = chat.type === "group" ? "group chat" : `${chat.type} chat`;
  switch (state) {
    case "open":
      return;
    case "blocked":
      throw new ApiFailure(403, "Forbidden: bot was blocked by the user");
    case "deactivated":
      throw new ApiFailure(403, "Forbidden: user is deactivated");
    case "kicked":
      throw new ApiFailure(403, `Forbidden: bot was kicked from the ${place}`);
    case "noRights":
      throw badRequest("not enough rights to send text messages to the chat");
  }
}
