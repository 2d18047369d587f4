import type { Message, MessageEntity, User } from "@grammyjs/types";
import { emitUpdate, nextMessageId, type Bot, type BotChat } from "./bot.js";
import { addChat } from "./chats.js";
import { storeFile } from "./files.js";
import type { UserAction, UserCallback, UserEdit, UserFile, UserText } from "./types.js";

const MESSAGE_EXPIRY_S = 24 * 3600;
const CALLBACK_EXPIRY_S = 150;

/** Turns what a user does into updates. `secondMs` is the wall-clock length of a Telegram second. */
export class UserActions {
  constructor(private readonly secondMs: number) {}

  sendText(bot: Bot, action: UserText): number {
    const chat = chatOf(bot, action);
    const message: Message = {
      ...this.head(bot, chat, action),
      text: action.text,
      ...entitiesOf("entities", action.text),
      ...(action.replyToMessageId ? { reply_to_message: repliedTo(bot, chat, action.replyToMessageId) } : {}),
    };
    return this.emitMessage(bot, chat, "message", message);
  }

  sendFile(bot: Bot, action: UserFile): number {
    const chat = chatOf(bot, action);
    const file = storeFile(bot, action);
    const sized = { file_id: file.fileId, file_unique_id: file.fileUniqueId, file_size: file.size };
    const named = {
      ...(action.fileName ? { file_name: action.fileName } : {}),
      ...(action.mimeType ? { mime_type: action.mimeType } : {}),
    };
    const head = {
      ...this.head(bot, chat, action),
      ...(action.caption
        ? { caption: action.caption, ...entitiesOf("caption_entities", action.caption) }
        : {}),
      ...(action.mediaGroupId ? { media_group_id: action.mediaGroupId } : {}),
    };
    return this.emitMessage(bot, chat, "message", { ...head, ...media() });

    function media(): object {
      switch (action.kind) {
        case "photo":
          return { photo: [{ ...sized, width: 640, height: 480 }] };
        case "voice":
          return { voice: { ...sized, duration: 1, mime_type: action.mimeType ?? "audio/ogg" } };
        case "audio":
          return { audio: { ...sized, ...named, duration: 1 } };
        case "video":
          return { video: { ...sized, ...named, duration: 1, width: 640, height: 480 } };
        case "document":
          return { document: { ...sized, ...named } };
      }
    }
  }

  edit(bot: Bot, action: UserEdit): number {
    const chat = chatOf(bot, action);
    const message = {
      ...this.head(bot, chat, action, action.messageId),
      edit_date: Math.floor(Date.now() / 1000),
      text: action.text,
    } as Message;
    return this.emitMessage(bot, chat, "edited_message", message);
  }

  press(bot: Bot, action: UserCallback): number {
    const chat = chatOf(bot, action);
    const from = userOf(action);
    return emitUpdate(
      bot,
      "callback_query",
      { queueKey: `callback:${from.id}`, expiresAt: Date.now() + CALLBACK_EXPIRY_S * this.secondMs },
      (update_id) => ({
        update_id,
        callback_query: {
          id: `callback-${bot.id}-${update_id}`,
          from,
          chat_instance: String(chat.chat.id),
          data: action.data,
          message: { chat: chat.chat, message_id: action.messageId, date: 0 },
        },
      }),
    );
  }

  /** Blocks or unblocks the bot: state of the private chat and a `my_chat_member` update. */
  block(bot: Bot, action: UserAction & { unblock?: boolean }): number {
    const chat = chatOf(bot, action);
    chat.state = action.unblock ? "open" : "blocked";
    const user: User = { id: bot.id, is_bot: true, first_name: bot.firstName, username: bot.username };
    const member = { status: "member" as const, user };
    const kicked = { status: "kicked" as const, user, until_date: 0 };
    return emitUpdate(
      bot,
      "my_chat_member",
      { queueKey: `member:${chat.chat.id}`, expiresAt: Date.now() + MESSAGE_EXPIRY_S * this.secondMs },
      (update_id) => ({
        update_id,
        my_chat_member: {
          chat: chat.chat,
          from: userOf(action),
          date: Math.floor(Date.now() / 1000),
          old_chat_member: action.unblock ? kicked : member,
          new_chat_member: action.unblock ? member : kicked,
        },
      }),
    );
  }

  /** Moves a group to a new supergroup id, with Telegram's two service messages. */
  migrate(bot: Bot, chat: BotChat): number {
    if (chat.chat.type !== "group") throw new Error(`chat ${chat.chat.id} is not a group`);
    const oldId = chat.chat.id;
    const newId = -1_000_000_000_000 + oldId;
    const next = addChat(bot, { chatId: newId, type: "supergroup", title: chat.chat.title });
    chat.migratedTo = newId;
    const actor = { chatId: oldId, fromId: 1 };
    this.emitMessage(bot, chat, "message", {
      ...this.head(bot, chat, actor),
      migrate_to_chat_id: newId,
    });
    this.emitMessage(bot, next, "message", {
      ...this.head(bot, next, actor),
      migrate_from_chat_id: oldId,
    });
    return newId;
  }

  private head(bot: Bot, chat: BotChat, action: UserAction, messageId = nextMessageId(chat)) {
    return {
      message_id: messageId,
      date: Math.floor(Date.now() / 1000),
      chat: chat.chat,
      ...(chat.chat.type === "channel" ? {} : { from: userOf(action) }),
      ...(action.messageThreadId === undefined
        ? {}
        : { message_thread_id: action.messageThreadId, is_topic_message: true as const }),
    } as Message.ServiceMessage;
  }

  private emitMessage(bot: Bot, chat: BotChat, kind: "message" | "edited_message", message: Message): number {
    chat.messages.set(message.message_id, { wire: message });
    const channel = chat.chat.type === "channel";
    const field = channel ? (kind === "message" ? "channel_post" : "edited_channel_post") : kind;
    const expiresAt = Date.now() + MESSAGE_EXPIRY_S * this.secondMs;
    return emitUpdate(bot, field, { queueKey: `chat:${chat.chat.id}`, expiresAt }, (update_id) => {
      return { update_id, [field]: message };
    });
  }
}

/** The chat acted in; a first message opens it, and writing again unblocks nothing. */
function chatOf(bot: Bot, action: UserAction): BotChat {
  const known = bot.chats.get(action.chatId);
  if (known) {
    if (action.messageThreadId !== undefined) known.threads.add(action.messageThreadId);
    return known;
  }
  return addChat(bot, {
    chatId: action.chatId,
    title: action.firstName,
    username: action.username,
    ...(action.messageThreadId === undefined ? {} : { threads: [action.messageThreadId] }),
  });
}

function userOf(action: UserAction): User {
  const id = action.fromId ?? action.chatId;
  return {
    id,
    is_bot: false,
    first_name: action.firstName ?? `User ${id}`,
    ...(action.username ? { username: action.username } : {}),
    language_code: "en",
  };
}

/** The command in front and every mention; offsets count UTF-16 units, as in Telegram. */
function entitiesOf<Field extends "entities" | "caption_entities">(
  field: Field,
  text: string,
): { [name in Field]?: MessageEntity[] } {
  const command = /^\/[A-Za-z0-9_]{1,32}(@[A-Za-z0-9_]+)?(?=\s|$)/.exec(text);
  const entities: MessageEntity[] = command
    ? [{ type: "bot_command", offset: 0, length: command[0].length }]
    : [];
  for (const mention of text.matchAll(/(?<![\w/@])@[A-Za-z]\w{2,31}/g))
    if (mention.index >= (command?.[0].length ?? 0))
      entities.push({ type: "mention", offset: mention.index, length: mention[0].length });
  return (entities.length === 0 ? {} : { [field]: entities }) as { [name in Field]?: MessageEntity[] };
}

/** The message as the chat holds it; one that nobody wrote here counts as the bot's. */
function repliedTo(bot: Bot, chat: BotChat, messageId: number) {
  const kept = chat.messages.get(messageId)?.wire;
  if (kept) return { ...kept, reply_to_message: undefined } as NonNullable<Message["reply_to_message"]>;
  const from = { id: bot.id, is_bot: true, first_name: bot.firstName, username: bot.username };
  return { message_id: messageId, date: 0, chat: chat.chat, from } as NonNullable<
    Message["reply_to_message"]
  >;
}
