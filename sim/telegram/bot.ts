import type { BotCommand, Chat, Message } from "@grammyjs/types";
import type { Delivery } from "./delivery.js";
import type { BotSpec, ChatState, OutboxMessage } from "./types.js";
import type { PendingUpdate, UpdateQueue } from "./updateQueue.js";

/** Loose form of Telegram's own check: no leading 0, 30 to 80 characters after the colon. */
const TOKEN = /^[1-9]\d*:[A-Za-z0-9_-]{30,80}$/;
const DEFAULT_FIRST_UPDATE_ID = 1000;

/** One chat as one bot sees it. */
export interface BotChat {
  chat: Chat;
  state: ChatState;
  lastMessageId: number;
  threads: Set<number>;
  /** What was said in it and is not deleted, by message id. */
  messages: Map<number, KeptMessage>;
  migratedTo?: number;
}

/** A message as the chat holds it; `sent` is there for what the bot wrote. */
export interface KeptMessage {
  wire: Message;
  sent?: OutboxMessage;
}

/** A file that users or the bot sent, kept in memory. */
export interface StoredFile {
  fileName: string;
  mimeType: string;
  fileId: string;
  fileUniqueId: string;
  path: string;
  bytes: Uint8Array;
  /** What the bot is told; may differ from the real length. */
  size: number;
}

/** State of one bot. */
export interface Bot {
  id: number;
  token: string;
  username: string;
  firstName: string;
  revoked: boolean;
  nextUpdateId: number;
  chats: Map<number, BotChat>;
  /** By file_id. */
  files: Map<string, StoredFile>;
  /** As set by setMyCommands, by scope and language. */
  commands: Map<string, BotCommand[]>;
  queue: UpdateQueue;
  delivery: Delivery;
  /** As set by setWebhook or getUpdates; undefined means everything this simulator sends. */
  allowedUpdates: string[] | undefined;
  /** Ends the long poll that runs now, if any. */
  endPoll: (() => void) | undefined;
}

/** Whether a token has the right shape; a wrong shape and an unknown token get different 401 texts. */
export function isTokenShaped(token: string): boolean {
  return TOKEN.test(token);
}

/**
 * The id in front of a token's colon.
 * @throws Error for a malformed token; the token itself is not in the message.
 */
export function botIdOf({ token, username }: BotSpec): number {
  if (!isTokenShaped(token)) throw new Error(`bot @${username}: token must be <id>:<30 to 80 characters>`);
  return Number(token.slice(0, token.indexOf(":")));
}

/** A bot without chats; `queue` and `delivery` belong together. */
export function createBot(spec: BotSpec, wiring: Pick<Bot, "queue" | "delivery">): Bot {
  return {
    id: botIdOf(spec),
    token: spec.token,
    username: spec.username,
    firstName: spec.firstName ?? spec.username,
    revoked: false,
    nextUpdateId: spec.firstUpdateId ?? DEFAULT_FIRST_UPDATE_ID,
    chats: new Map(),
    files: new Map(),
    commands: new Map(),
    allowedUpdates: undefined,
    endPoll: undefined,
    ...wiring,
  };
}

/** Next message id of a chat; counted over both directions, as in Telegram. */
export function nextMessageId(chat: BotChat): number {
  chat.lastMessageId += 1;
  return chat.lastMessageId;
}

/** Queues an update unless the bot did not ask for its kind. */
export function emitUpdate(
  bot: Bot,
  kind: string,
  pending: Omit<PendingUpdate, "update" | "attempts">,
  build: (updateId: number) => PendingUpdate["update"],
): number {
  const updateId = bot.nextUpdateId;
  bot.nextUpdateId += 1;
  if (!bot.allowedUpdates || bot.allowedUpdates.includes(kind)) {
    bot.queue.add({ ...pending, update: build(updateId), attempts: 0 });
  }
  return updateId;
}
