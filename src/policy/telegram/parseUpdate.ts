/**
 * What an update means, decided without effects. Every fact is taken from the parsed update alone; who the message is
 * for is decided elsewhere.
 */
import { nonceOfAnswer } from "../identity/pairingAnswer.js";
import { withoutBotName } from "./addressed.js";
import { describeMedia, filesOf, mediaMetadata, type TelegramFile } from "./media.js";
import type { ChatMember, TelegramMessage, TelegramUpdate } from "./updateSchema.js";

/** Where a message was written, and by whom. */
export interface TelegramOrigin {
  chatId: string;
  senderId: string;
  /** A chat between one person and the bot: whatever is said there is that person's. */
  isPrivate: boolean;
  /** The topic of a forum; absent in its general part and in every other chat. */
  threadId?: string;
}

/** A message that an agent can read. */
export interface ReadableMessage extends TelegramOrigin {
  messageText: string;
  /** The text is the sender's; otherwise it says which files came. */
  hasWords: boolean;
  externalMessageId: string;
  files: TelegramFile[];
  /** The album that it is a part of. */
  albumId?: string;
  metadata: Record<string, string>;
}

export type TelegramDecision =
  /** Not a message to the bot: a callback, a channel post, a poll. */
  | { kind: "ignored" }
  /** `/start`, with the pairing code when a well-formed one came along. Never a message for the agent. */
  | ({
      kind: "start";
      code: string | null;
      /** The bot that the command names, `/start@<bot>`; null: none. */
      bot: string | null;
    } & TelegramOrigin)
  /** The command that answers the question before a pairing. Never a message for the agent. */
  | ({ kind: "answer"; nonce: string } & TelegramOrigin)
  /** From a person, but nothing an agent could read: a sticker, a location. */
  | ({ kind: "unsupported" } & TelegramOrigin)
  /** A group has become a supergroup, with another id. */
  | { kind: "migrated"; fromChatId: string; toChatId: string }
  /** The bot may write to the chat again, or may not any more: blocked, or thrown out of a group. */
  | { kind: "membership"; chatId: string; blocked: boolean }
  /** A new text for a message that was sent before. */
  | ({ kind: "edited" } & ReadableMessage)
  | ({ kind: "message" } & ReadableMessage);

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

export function parseTelegramUpdate(update: TelegramUpdate): TelegramDecision {
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
    const [, bot = null, code = ""] = START.exec(text) ?? [];
    return { kind: "start", code: CODE.test(code) ? code : null, bot, ...origin };
  }
  const nonce = nonceOfAnswer(text);
  if (nonce !== null) return { kind: "answer", nonce, ...origin };
  const readable = readableOf(message, origin, update.update_id);
  return readable === null ? { kind: "unsupported", ...origin } : { kind: "message", ...readable };
}

/** Telegram says it twice, in the old chat and in the new one. */
function migrationOf(message: TelegramMessage): TelegramDecision | null {
  const { chat, migrate_to_chat_id: to, migrate_from_chat_id: from } = message;
  if (!chat?.id) return null;
  if (to) return { kind: "migrated", fromChatId: String(chat.id), toChatId: String(to) };
  if (from) return { kind: "migrated", fromChatId: String(from), toChatId: String(chat.id) };
  return null;
}

function originOf(message: TelegramMessage): TelegramOrigin | null {
  if (!message.chat?.id || !message.from?.id) return null;
  const chatId = String(message.chat.id);
  const { type } = message.chat;
  const isTopic = message.is_topic_message === true && message.message_thread_id !== undefined;
  return {
    chatId,
    senderId: String(message.from.id),
    // Telegram: users and private chats have positive ids, groups and channels negative ones.
    isPrivate: type === undefined ? !chatId.startsWith("-") : type === "private",
    ...(isTopic && { threadId: String(message.message_thread_id) }),
  };
}

function readableOf(
  message: TelegramMessage,
  origin: TelegramOrigin,
  updateId: number,
): ReadableMessage | null {
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
      telegramUserId: origin.senderId,
      ...(origin.threadId !== undefined && { telegramThreadId: origin.threadId }),
      // In a group the answer names the message that it is for.
      ...(!origin.isPrivate && { telegramMessageId: externalMessageId }),
      ...(albumId !== undefined && { telegramMediaGroupId: albumId }),
      ...mediaMetadata(files),
    },
  };
}
