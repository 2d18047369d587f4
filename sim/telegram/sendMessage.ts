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

const chatIdArg = z.union([vInteger, z.string()]).default("");
export const sendArgs = z.looseObject({
  chat_id: chatIdArg,
  message_thread_id: vInteger.optional(),
  reply_parameters: vNested(
    z.looseObject({ message_id: vInteger, allow_sending_without_reply: z.boolean().optional() }),
  ).optional(),
  reply_to_message_id: vInteger.optional(),
  allow_sending_without_reply: z.unknown().optional(),
});
const textArgs = sendArgs.extend({ text: z.string().default(""), parse_mode: z.string().optional() });
const actionArgs = z.looseObject({
  chat_id: chatIdArg,
  action: z.string().default(""),
  message_thread_id: vInteger.optional(),
});

/** What sending needs beside the bot. */
export interface SendContext {
  limiter: RateLimiter | undefined;
  onMessage(message: OutboxMessage): void;
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

/** sendMessage: checks in the order text, chat, thread, reply, rate; the outbox grows only when all passed. */
export function sendMessage(context: SendContext, bot: Bot, raw: RawArgs) {
  const args = parseArgs(textArgs, raw);
  const text = shownText(args.text, args.parse_mode);
  if (text.trim() === "") throw badRequest("message text is empty");
  if (text.length > MAX_TEXT_CHARS) throw badRequest("message is too long");
  const { message, record } = prepareSend(context, bot, args);
  record({ text, rawText: args.text, ...(args.parse_mode ? { parseMode: args.parse_mode } : {}) });
  return { ...message, text };
}

/** What every send checks (chat, thread, reply, rate), and what it then has in common. @throws ApiFailure */
export function prepareSend(context: SendContext, bot: Bot, args: z.output<typeof sendArgs>) {
  const chat = findChat(bot, args.chat_id);
  requireWritable(chat);
  requireThread(chat, args.message_thread_id);
  const replyTo = existingReply(chat, args);
  requireRate(context, bot, chat);

  const at = Date.now();
  const messageId = nextMessageId(chat);
  const record = (content: Pick<OutboxMessage, "text" | "rawText" | "parseMode" | "file">): void =>
    context.onMessage({
      botId: bot.id,
      chatId: chat.chat.id,
      messageId,
      at,
      ...content,
      ...(replyTo === undefined ? {} : { replyToMessageId: replyTo }),
      ...(args.message_thread_id === undefined ? {} : { messageThreadId: args.message_thread_id }),
    });
  const message = {
    message_id: messageId,
    from: { id: bot.id, is_bot: true, first_name: bot.firstName, username: bot.username },
    chat: chat.chat,
    date: Math.floor(at / 1000),
    ...(args.message_thread_id === undefined
      ? {}
      : { message_thread_id: args.message_thread_id, is_topic_message: true }),
  };
  return { message, record };
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
