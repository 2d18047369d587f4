import type { Message, MessageEntity } from "@grammyjs/types";
import { z } from "zod";
import { ApiFailure, badRequest } from "./apiFailure.js";
import { parseArgs, vInteger, vNested, type RawArgs } from "./args.js";
import { nextMessageId, type Bot, type BotChat } from "./bot.js";
import { findChat, requireWritable } from "./chats.js";
import { parseHtml } from "./parseHtml.js";
import { parseLegacyMarkdown, parseMarkdownV2 } from "./parseMarkdown.js";
import type { RateLimiter } from "./rateLimits.js";
import type { ChatActionRecord, OutboxMessage } from "./types.js";

/** Counted in UTF-16 units, the strictest reading of Telegram's "characters". */
const MAX_TEXT_CHARS = 4096;
const ACTIONS = new Set(
  (
    "typing upload_photo record_video upload_video record_voice upload_voice record_audio upload_audio " +
    "upload_document choose_sticker find_location record_video_note upload_video_note"
  ).split(" "),
);

export const chatIdArg = z.union([vInteger, z.string()]).default("");
export const sendArgs = z.looseObject({
  chat_id: chatIdArg,
  message_thread_id: vInteger.optional(),
  reply_parameters: vNested(
    z.looseObject({ message_id: vInteger, allow_sending_without_reply: z.boolean().optional() }),
  ).optional(),
  reply_to_message_id: vInteger.optional(),
  allow_sending_without_reply: z.unknown().optional(),
  reply_markup: vNested(z.looseObject({})).optional(),
});
/** `entities` and `caption_entities`: a type with a place in UTF-16 units, and what belongs to the type. */
export const entitiesArg = vNested(
  z.array(z.looseObject({ type: z.string(), offset: vInteger, length: vInteger })),
)
  .optional()
  .transform((list) => list as MessageEntity[] | undefined);
export const textArgs = sendArgs.extend({
  text: z.string().default(""),
  parse_mode: z.string().optional(),
  entities: entitiesArg,
});
const actionArgs = z.looseObject({
  chat_id: chatIdArg,
  action: z.string().default(""),
  message_thread_id: vInteger.optional(),
});

/** What sending needs beside the bot. */
export interface SendContext {
  limiter: RateLimiter | undefined;
  onMessage(message: OutboxMessage): void;
  /** The value of a die with so many sides, from 1. */
  roll(sides: number): number;
  /** A message in the outbox was edited or deleted. */
  onChange(): void;
  onAction(action: ChatActionRecord): void;
}

/** @throws ApiFailure 429 with `retry_after`. */
function requireRate(context: SendContext, bot: Bot, { chat }: BotChat): void {
  const isGroup = chat.type !== "private";
  const wait = context.limiter?.take({ botId: bot.id, chatId: chat.id, isGroup, now: Date.now() }) ?? 0;
  if (wait > 0) throw new ApiFailure(429, `Too Many Requests: retry after ${wait}`, { retry_after: wait });
}

function requireThread(chat: BotChat, threadId: number | undefined): void {
  if (threadId !== undefined && !chat.threads.has(threadId)) throw badRequest("message thread not found");
}

function shownText(text: string, parseMode: string | undefined): string {
  switch (parseMode?.toLowerCase()) {
    case undefined:
    case "":
      return text;
    case "html":
      return parseHtml(text);
    case "markdownv2":
      return parseMarkdownV2(text);
    case "markdown":
      return parseLegacyMarkdown(text);
    default:
      throw badRequest("unsupported parse_mode");
  }
}

/** What a text argument shows: by its parse mode, or as it is with the entities given. @throws ApiFailure 400 */
export function formatted(
  text: string,
  parseMode: string | undefined,
  entities: MessageEntity[] | undefined,
) {
  const shown = shownText(text, parseMode);
  const given = parseMode ? undefined : entities;
  if (given?.some(({ offset, length }) => offset < 0 || length <= 0 || offset + length > shown.length))
    throw badRequest("entity beyond the end of the text");
  return { shown, ...(given?.length ? { entities: given } : {}) };
}

/** The text of a message, checked. @throws ApiFailure 400 when it is empty or too long. */
export function messageText(args: z.output<typeof textArgs>) {
  const { shown, entities } = formatted(args.text, args.parse_mode, args.entities);
  if (shown.trim() === "") throw badRequest("message text is empty");
  if (shown.length > MAX_TEXT_CHARS) throw badRequest("message is too long");
  return {
    wire: { text: shown, ...(entities ? { entities } : {}) },
    outbox: {
      text: shown,
      rawText: args.text,
      ...(args.parse_mode ? { parseMode: args.parse_mode } : {}),
      ...(entities ? { entities } : {}),
    },
  };
}

/** sendMessage: checks in the order text, chat, thread, reply, rate; the outbox grows only when all passed. */
export function sendMessage(context: SendContext, bot: Bot, raw: RawArgs) {
  const args = parseArgs(textArgs, raw);
  return deliver(context, bot, args, messageText(args));
}

/** What a message holds: for the bot (`wire`) and for whoever looks at the outbox. */
export interface Content {
  wire: object;
  outbox: Pick<OutboxMessage, "text" | "rawText"> & Partial<OutboxMessage>;
}

/**
 * What every send does: checks chat, thread, reply and rate, then the message takes effect.
 * @returns the message as the Bot API answers it. @throws ApiFailure
 */
export function deliver(
  context: SendContext,
  bot: Bot,
  args: z.output<typeof sendArgs>,
  { wire, outbox }: Content,
): Message {
  const chat = findChat(bot, args.chat_id);
  requireWritable(chat);
  requireThread(chat, args.message_thread_id);
  const replyTo = existingReply(chat, args);
  requireRate(context, bot, chat);

  const at = Date.now();
  const messageId = nextMessageId(chat);
  const markup = args.reply_markup;
  const message = {
    message_id: messageId,
    from: { id: bot.id, is_bot: true, first_name: bot.firstName, username: bot.username },
    chat: chat.chat,
    date: Math.floor(at / 1000),
    ...(args.message_thread_id === undefined
      ? {}
      : { message_thread_id: args.message_thread_id, is_topic_message: true }),
    ...wire,
    // Telegram answers inline keyboards only.
    ...(markup && "inline_keyboard" in markup ? { reply_markup: markup } : {}),
  } as Message;
  const sent: OutboxMessage = {
    botId: bot.id,
    chatId: chat.chat.id,
    messageId,
    at,
    ...outbox,
    ...(markup ? { replyMarkup: markup } : {}),
    ...(replyTo === undefined ? {} : { replyToMessageId: replyTo }),
    ...(args.message_thread_id === undefined ? {} : { messageThreadId: args.message_thread_id }),
  };
  chat.messages.set(messageId, { wire: message, sent });
  context.onMessage(sent);
  return message;
}

function existingReply(chat: BotChat, args: z.output<typeof sendArgs>): number | undefined {
  const messageId = args.reply_parameters?.message_id ?? args.reply_to_message_id;
  if (messageId === undefined || (messageId > 0 && messageId <= chat.lastMessageId)) return messageId;
  const optional = args.reply_parameters?.allow_sending_without_reply ?? args.allow_sending_without_reply;
  if (optional === true || optional === "true") return undefined;
  throw badRequest("message to be replied not found");
}

/** sendChatAction: only logged. */
export function sendChatAction(context: SendContext, bot: Bot, raw: RawArgs): true {
  const args = parseArgs(actionArgs, raw);
  const chat = findChat(bot, args.chat_id);
  if (!ACTIONS.has(args.action)) throw badRequest("wrong parameter action in request");
  requireWritable(chat);
  requireThread(chat, args.message_thread_id);
  context.onAction({ botId: bot.id, chatId: chat.chat.id, action: args.action, at: Date.now() });
  return true;
}
