import type { MessageEntity } from "@grammyjs/types";
import type { FaultRuleInput } from "../faults/rules.js";
import type { RateLimits } from "./rateLimits.js";

/** A bot known to the simulator. `token` is `<bot id>:<30 to 80 characters of A-Za-z0-9_->`. */
export interface BotSpec {
  token: string;
  username: string;
  firstName?: string;
  /** First `update_id` handed out; default 1000. */
  firstUpdateId?: number;
}

/** How often a delivery fault acts: `count` times, or with `probability` per delivery (seeded), or both. */
export interface Chance {
  count?: number;
  probability?: number;
}

/** What goes wrong on the way from Telegram to the webhook. Both make one update arrive twice. */
export interface DeliveryFaults {
  /** After a 2xx the same update is posted once more, although Telegram counts it as delivered. */
  duplicate?: Chance;
  /** Our 2xx never reaches Telegram: it sees a closed connection and retries. */
  loseResponse?: Chance;
}

/** Options of {@link startTelegramServer}; everything has a default. */
export interface TelegramServerOptions {
  /** Default 0: a free port. The server always listens on 127.0.0.1. */
  port?: number;
  bots?: BotSpec[];
  /** Accept `http://` and any port in setWebhook, which the real service refuses. Default false. */
  allowHttpWebhooks?: boolean;
  /** Wall-clock length of one Telegram second in delivery waits and expiry: 0.01 is a hundred times faster. Default 1. */
  timeScale?: number;
  /** How long one delivery may take before `Read timeout expired`, not scaled. Default 60 000 (the real one). */
  readTimeoutMs?: number;
  /** Requests beyond the limits get 429. `false` switches them off; omitted fields keep the generous defaults. */
  rateLimits?: Partial<RateLimits> | false;
  faults?: FaultRuleInput[];
  deliveryFaults?: DeliveryFaults;
  /** Seed of every random choice (fault probability, retry cap). Default 1. */
  seed?: number;
}

/** What sendPhoto and its like send. */
export type FileKind =
  "photo" | "document" | "audio" | "voice" | "video" | "animation" | "sticker" | "video_note";

/** One message a bot sent. */
export interface OutboxMessage {
  botId: number;
  chatId: number;
  /** What the user sees, after formatting was parsed. */
  text: string;
  /** The text as the bot sent it. */
  rawText: string;
  messageId: number;
  /** Epoch ms at which the message took effect, also when the reply to the sender was lost. */
  at: number;
  parseMode?: string;
  /** As the bot gave them instead of a parse mode. */
  entities?: MessageEntity[];
  /** Keyboard below the message, as the bot gave it. */
  replyMarkup?: Record<string, unknown>;
  /** What else it shows: `{ location }`, `{ poll }`, `{ dice }` and so on, as in Telegram's message. */
  content?: Record<string, unknown>;
  /** Epoch ms of its last edit; `text` and the rest are as edited. */
  editedAt?: number;
  /** Epoch ms at which the bot deleted it. */
  deletedAt?: number;
  replyToMessageId?: number;
  messageThreadId?: number;
  /** The upload of sendPhoto and its like; `text` is the caption then. */
  file?: {
    kind: FileKind;
    fileName: string;
    mimeType: string;
    bytes: Uint8Array;
  };
}

/** One sendChatAction call. */
export interface ChatActionRecord {
  botId: number;
  chatId: number;
  action: string;
  at: number;
}

/** One webhook POST: what was sent, and what came back (`status` 0 means no answer). */
export interface DeliveryRecord {
  botId: number;
  updateId: number;
  attempt: number;
  at: number;
  status: number;
  /** Set when the update was not counted as delivered. */
  error?: string;
}

/** Why a chat refuses messages; `open` accepts them. */
export type ChatState = "open" | "blocked" | "deactivated" | "kicked" | "noRights";

/** Who acts where. `botId` may be left out while there is one bot; `fromId` defaults to `chatId` in private chats. */
export interface UserAction {
  botId?: number;
  chatId: number;
  fromId?: number;
  username?: string;
  firstName?: string;
  messageThreadId?: number;
}

export interface UserText extends UserAction {
  /** `@name` becomes a mention, a leading `/word` a command. */
  text: string;
  replyToMessageId?: number;
}

export interface UserFile extends UserAction {
  kind: "photo" | "document" | "voice" | "audio" | "video";
  bytes: Uint8Array;
  caption?: string;
  fileName?: string;
  mimeType?: string;
  mediaGroupId?: string;
  /** Size told to the bot, to test the 20 MB rule without 20 MB; default the real length. */
  declaredSize?: number;
}

export interface UserEdit extends UserAction {
  messageId: number;
  text: string;
}

export interface UserCallback extends UserAction {
  data: string;
  /** Message the button belongs to. */
  messageId: number;
}

/** A chat the bot may write to. Private chats come into being with the user's first message. */
export interface ChatSpec {
  botId?: number;
  chatId: number;
  type?: "private" | "group" | "supergroup" | "channel";
  title?: string;
  username?: string;
  /** Topics that exist; sending to another gives `message thread not found`. */
  threads?: number[];
}

/** A running simulator. Every method that takes an unknown bot throws. */
export interface TelegramServer {
  /** `http://127.0.0.1:<port>`, to be used as the Bot API base URL (and the file base URL). */
  readonly url: string;
  readonly port: number;

  addBot(bot: BotSpec): number;
  /** From now on the bot's token gets 401 `Unauthorized`. */
  revokeToken(botId: number): void;
  addChat(chat: ChatSpec): void;
  setChatState(chatId: number, state: ChatState, botId?: number): void;
  /** Turns a group into a supergroup; returns its new id. Sends to the old id fail with `migrate_to_chat_id`. */
  migrateChat(chatId: number, botId?: number): number;
  /** The next update gets this id: gaps, and the reset after a quiet week. */
  setNextUpdateId(updateId: number, botId?: number): void;

  /** A user writes to the bot; returns the update_id. */
  userSends(message: UserText): number;
  userSendsFile(file: UserFile): number;
  userEdits(edit: UserEdit): number;
  userPresses(callback: UserCallback): number;
  /** The user blocks (or unblocks) the bot in a private chat: chat state plus a `my_chat_member` update. */
  userBlocks(action: UserAction & { unblock?: boolean }): number;

  /** Messages sent by bots, in the order they took effect (a copy). */
  outbox(): OutboxMessage[];
  chatActions(): ChatActionRecord[];
  deliveries(): DeliveryRecord[];
  /** Updates not yet delivered, of one bot or of all. */
  pendingUpdates(botId?: number): number;
  /** Resolves with the outbox once it has `n` messages or satisfies the predicate; rejects after `timeoutMs`. */
  waitForOutbox(
    until: number | ((outbox: OutboxMessage[]) => boolean),
    timeoutMs?: number,
  ): Promise<OutboxMessage[]>;

  /** Replaces the fault rules of the HTTP side. */
  setFaults(faults: FaultRuleInput[]): void;
  setDeliveryFaults(faults: DeliveryFaults): void;
  /** Stops listening, cuts deliveries and waits; nothing is left running afterwards. */
  close(): Promise<void>;
}
