/** What comes in from a chat channel, as everything behind the channels knows it. */
import type { FileKind } from "../../contract/attachments.js";

/** Where a message was written, and by whom; ids as the channel has them. */
export interface Origin {
  chatId: string;
  userId: string;
  /** A chat between one person and the account: whatever is said there is that person's. */
  isPrivate: boolean;
  /** A conversation of its own within the chat; absent in its general part and where there are none. */
  threadId?: string;
}

/** A file as the channel announces it. Name, type and size are the sender's words. */
export interface ChannelFile {
  kind: FileKind;
  /** What the channel gives the file for; counts at the account that got it. */
  fileId: string;
  fileName?: string;
  mimeType?: string;
  sizeBytes?: number;
}

/** A message that an agent can read. */
export interface ReadableMessage extends Origin {
  messageText: string;
  /** The text is the sender's; otherwise it says which files came. */
  hasWords: boolean;
  externalMessageId: string;
  files: ChannelFile[];
  /** The album that it is a part of. */
  albumId?: string;
  metadata: Record<string, string>;
}

export type ChannelEvent =
  /** Not a message to the account: a callback, a channel post, a poll. */
  | { kind: "ignored" }
  /** A pairing link was opened, with its code when a well-formed one came along. Never a message for the agent. */
  | ({
      kind: "start";
      code: string | null;
      /** The account that the command names; null: none. */
      account: string | null;
    } & Origin)
  /** The command that answers the question before a pairing. Never a message for the agent. */
  | ({ kind: "answer"; nonce: string } & Origin)
  /** From a person, but nothing an agent could read: a sticker, a location. */
  | ({ kind: "unsupported" } & Origin)
  /** The chat goes on under another id. */
  | { kind: "migrated"; fromChatId: string; toChatId: string }
  /** The account may write to the chat again, or may not any more: blocked, or thrown out of a group. */
  | { kind: "membership"; chatId: string; blocked: boolean }
  /** A new text for a message that was sent before. */
  | ({ kind: "edited" } & ReadableMessage)
  | ({ kind: "message" } & ReadableMessage);

/** The account that hears a group, by the names that people use there. */
export interface AccountName {
  accountId: string;
  /** Null while the channel has not said it. */
  username: string | null;
}
/** For whom a message in a group is: the account, another one, or nobody in particular. */
export type Addressee = "account" | "another" | "nobody";

/** A request of a channel. `eventId`: the same when the channel repeats it, and one for each event of an account. */
export type Parsed =
  | { kind: "notJson" }
  | { kind: "notAnEvent" }
  | {
      kind: "event";
      eventId: string;
      event: ChannelEvent;
      addressee: (account: AccountName) => Addressee;
    };
