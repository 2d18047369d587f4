/**
 * What an update means, decided without effects. Every fact is taken from the parsed update alone; who the message is
 * for is decided elsewhere.
 */
import { nonceOfAnswer } from "../identity/pairingAnswer.js";
import type { ChannelEvent, Origin, Parsed, ReadableMessage } from "../channels/events.js";
import { addresseeOf, withoutBotName } from "./addressed.js";
import { describeMedia, filesOf, mediaMetadata } from "./media.js";
import {
  readTelegramUpdate,
  type ChatMember,
  type TelegramMessage,
  type TelegramUpdate,
} from "./updateSchema.js";

/** ASCII letters only: what looks like them is not them. */
const START = /^\/start(?:@([A-Za-z0-9_]+))?\s+(\S+)$/;
const CODE = /^[A-Za-z0-9_-]{4,128}$/;

/**
 * Whether the bot cannot write there (Bot API, `ChatMember`): blocked by a person or out of the group, muted in it, or in a channel
 * where it may not post. A state that Telegram adds later is no reason to fall silent.
 */
function isBlocked(now: ChatMember, isChannel: boolean): boolean {
  switch (now.status) {
    case "kicked":
    case "left":
      return true;
    case "restricted":
      return now.is_member === false || now.can_send_messages === false;
    case "administrator":
      return isChannel && now.can_post_messages === false;
    case "member":
      return isChannel;
    default:
      return false;
  }
}

/** A webhook's body. */
export function parseTelegram(body: string): Parsed {
  const read = readTelegramUpdate(body);
  if (read.kind !== "update") return read;
  const { update } = read;
  return {
    kind: "event",
    eventId: String(update.update_id),
    event: parseTelegramUpdate(update),
    addressee: (bot) => (update.message ? addresseeOf(update.message, bot) : "account"),
  };
}

export function parseTelegramUpdate(update: TelegramUpdate): ChannelEvent {
  if (update.message === undefined && update.edited_message !== undefined) {
    const edited = originOf(update.edited_message);
    const readable = edited && readableOf(update.edited_message, edited, update.update_id);
    return readable === null ? { kind: "ignored" } : { kind: "edited", ...readable };
  }
  if (update.message === undefined && update.my_chat_member !== undefined) {
    const { chat, new_chat_member: now } = update.my_chat_member;
    if (!chat.id) return { kind: "ignored" };
    const blocked = isBlocked(now, chat.type === "channel");
    return { kind: "membership", chatId: String(chat.id), blocked };
  }
  const message = update.message;
  const moved = message && migrationOf(message);
  if (moved) return moved;
  const origin = message === undefined ? null : originOf(message);
  if (message === undefined || origin === null) return { kind: "ignored" };
  const text = (message.text ?? "").trim();
  // As 1.0.11, whatever begins like the command is no message; but only the very command brings a code.
  if (text.startsWith("/start")) {
    const [, account = null, code = ""] = START.exec(text) ?? [];
    return { kind: "start", code: CODE.test(code) ? code : null, account, ...origin };
  }
  const nonce = nonceOfAnswer(text);
  if (nonce !== null) return { kind: "answer", nonce, ...origin };
  const readable = readableOf(message, origin, update.update_id);
  return readable === null ? { kind: "unsupported", ...origin } : { kind: "message", ...readable };
}

/** Telegram says it twice, in the old chat and in the new one. */
function migrationOf(message: TelegramMessage): ChannelEvent | null {
  const { chat, migrate_to_chat_id: to, migrate_from_chat_id: from } = message;
  if (!chat?.id) return null;
  if (to) return { kind: "migrated", fromChatId: String(chat.id), toChatId: String(to) };
  if (from) return { kind: "migrated", fromChatId: String(from), toChatId: String(chat.id) };
  return null;
}

function originOf(message: TelegramMessage): Origin | null {
  if (!message.chat?.id || !message.from?.id) return null;
  const chatId = String(message.chat.id);
  const { type } = message.chat;
  const isTopic = message.is_topic_message === true && message.message_thread_id !== undefined;
  return {
    chatId,
    userId: String(message.from.id),
    // Telegram: users and private chats have positive ids, groups and channels negative ones.
    isPrivate: type === undefined ? !chatId.startsWith("-") : type === "private",
    ...(isTopic && { threadId: String(message.message_thread_id) }),
  };
}

function readableOf(message: TelegramMessage, origin: Origin, updateId: number): ReadableMessage | null {
  const files = filesOf(message);
  const said = (message.text ?? "").trim() || (message.caption ?? "").trim();
  const messageText = withoutBotName(said) || describeMedia(files);
  if (messageText === "") return null;
  const albumId = message.media_group_id;
  const externalMessageId = String(message.message_id ?? updateId);
  return {
    ...origin,
    messageText,
    hasWords: said !== "",
    externalMessageId,
    files,
    ...(albumId !== undefined && { albumId }),
    metadata: {
      telegramChatId: origin.chatId,
      telegramUserId: origin.userId,
      ...(origin.threadId !== undefined && { telegramThreadId: origin.threadId }),
      // In a group the answer names the message that it is for.
      ...(!origin.isPrivate && { telegramMessageId: externalMessageId }),
      ...(albumId !== undefined && { telegramMediaGroupId: albumId }),
      ...mediaMetadata(files),
    },
  };
}
