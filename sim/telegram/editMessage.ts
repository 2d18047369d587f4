import type { Message } from "@grammyjs/types";
import { z } from "zod";
import { badRequest } from "./apiFailure.js";
import { parseArgs, vInteger, vNested, type RawArgs } from "./args.js";
import type { Bot, BotChat, KeptMessage } from "./bot.js";
import { findChat, requireWritable } from "./chats.js";
import { captionContent } from "./sendFile.js";
import { chatIdArg, deliver, messageText, sendArgs, textArgs, type SendContext } from "./sendMessage.js";
import type { OutboxMessage } from "./types.js";

const target = { chat_id: chatIdArg, message_id: vInteger };
const targetArgs = z.looseObject(target);
const manyArgs = z.looseObject({
  chat_id: chatIdArg,
  message_ids: vNested(z.array(vInteger).min(1).max(100)),
});
const editText = textArgs.extend({ message_id: vInteger });
const editArgs = sendArgs.extend({ message_id: vInteger });
const copyArgs = sendArgs.extend({ from_chat_id: chatIdArg, message_id: vInteger });
const reactionArgs = z.looseObject({ ...target, reaction: vNested(z.array(z.looseObject({}))).default([]) });

type Kept = Required<KeptMessage> & { chat: BotChat };

/** The bot's own message that is to change. @throws ApiFailure 400 */
function ownMessage(bot: Bot, chatId: number | string, messageId: number, what: string): Kept {
  const chat = findChat(bot, chatId);
  requireWritable(chat);
  const kept = chat.messages.get(messageId);
  if (!kept) throw badRequest(`message to ${what} not found`);
  if (!kept.sent) throw badRequest(`message can't be ${what === "edit" ? "edited" : `${what}d`}`);
  return { chat, wire: kept.wire, sent: kept.sent };
}

function change(
  context: SendContext,
  { chat, wire, sent }: Kept,
  shown: object,
  outbox: Partial<OutboxMessage>,
) {
  const at = Date.now();
  const next = { ...wire, ...shown };
  if (JSON.stringify(next) === JSON.stringify(wire)) {
    throw badRequest(
      "message is not modified: specified new message content and reply markup are exactly the same as a current " +
        "content and reply markup of the message",
    );
  }
  const edited = { ...next, edit_date: Math.floor(at / 1000) } as Message;
  Object.assign(sent, outbox, { editedAt: at });
  chat.messages.set(wire.message_id, { wire: edited, sent });
  context.onChange();
  return edited;
}

const markupOf = (markup: Record<string, unknown> | undefined) => ({
  wire: { reply_markup: markup },
  outbox: { replyMarkup: markup },
});

/** Methods that change, copy or remove what was said. @throws ApiFailure in Telegram's words. */
export const EDIT_METHODS = {
  editmessagetext: (context: SendContext, bot: Bot, raw: RawArgs) => {
    const args = parseArgs(editText, raw);
    const { wire, outbox } = messageText(args);
    const kept = ownMessage(bot, args.chat_id, args.message_id, "edit");
    if (!("text" in kept.wire)) throw badRequest("there is no text in the message to edit");
    const markup = markupOf(args.reply_markup);
    const none = { entities: undefined };
    return change(
      context,
      kept,
      { ...none, ...wire, ...markup.wire },
      { ...none, parseMode: undefined, ...outbox, ...markup.outbox },
    );
  },
  editmessagecaption: (context: SendContext, bot: Bot, raw: RawArgs) => {
    const args = parseArgs(editArgs, raw);
    const { wire, outbox } = captionContent(raw);
    const kept = ownMessage(bot, args.chat_id, args.message_id, "edit");
    if (!kept.sent.file) throw badRequest("there is no caption in the message to edit");
    const markup = markupOf(args.reply_markup);
    const none = { caption: undefined, caption_entities: undefined };
    return change(context, kept, { ...none, ...wire, ...markup.wire }, { ...outbox, ...markup.outbox });
  },
  editmessagereplymarkup: (context: SendContext, bot: Bot, raw: RawArgs) => {
    const args = parseArgs(editArgs, raw);
    const markup = markupOf(args.reply_markup);
    return change(
      context,
      ownMessage(bot, args.chat_id, args.message_id, "edit"),
      markup.wire,
      markup.outbox,
    );
  },
  deletemessage: (context: SendContext, bot: Bot, raw: RawArgs): true => {
    const args = parseArgs(targetArgs, raw);
    remove(context, ownMessage(bot, args.chat_id, args.message_id, "delete"));
    return true;
  },
  /** What cannot be found is passed over, as on the real service. */
  deletemessages: (context: SendContext, bot: Bot, raw: RawArgs): true => {
    const args = parseArgs(manyArgs, raw);
    const chat = findChat(bot, args.chat_id);
    for (const id of args.message_ids) {
      const kept = chat.messages.get(id);
      if (kept?.sent) remove(context, { chat, wire: kept.wire, sent: kept.sent });
    }
    return true;
  },
  copymessage: (context: SendContext, bot: Bot, raw: RawArgs) => ({
    message_id: again(context, bot, raw, "copy").message_id,
  }),
  forwardmessage: (context: SendContext, bot: Bot, raw: RawArgs) => again(context, bot, raw, "forward"),
  setmessagereaction: (_: SendContext, bot: Bot, raw: RawArgs): true => {
    const args = parseArgs(reactionArgs, raw);
    const chat = findChat(bot, args.chat_id);
    requireWritable(chat);
    if (!chat.messages.has(args.message_id)) throw badRequest("message to react not found");
    return true;
  },
};

function remove(context: SendContext, { chat, wire, sent }: Kept): void {
  chat.messages.delete(wire.message_id);
  sent.deletedAt = Date.now();
  context.onChange();
}

/** Fields of a message that say who, where and when, not what. */
const HEAD = new Set(["message_id", "from", "chat", "date", "edit_date", "reply_to_message", "reply_markup"]);

function again(context: SendContext, bot: Bot, raw: RawArgs, what: "copy" | "forward"): Message {
  const args = parseArgs(copyArgs, raw);
  const kept = findChat(bot, args.from_chat_id).messages.get(args.message_id);
  if (!kept) throw badRequest(`message to ${what} not found`);
  const { wire, sent } = kept;
  const content = Object.fromEntries(Object.entries(wire).filter(([name]) => !HEAD.has(name)));
  const text = String(content.text ?? content.caption ?? "");
  const origin =
    what === "copy" ? {} : { forward_origin: { type: "user", sender_user: wire.from, date: wire.date } };
  return deliver(context, bot, args, {
    wire: { ...content, ...origin },
    outbox: {
      text,
      rawText: text,
      ...(sent?.file ? { file: sent.file } : {}),
      ...(sent?.content ? { content: sent.content } : {}),
    },
  });
}
