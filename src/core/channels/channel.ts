/**
 * What a chat channel is to the component: how its requests are read, whom they name, what answers are sent with, and why one
 * would reach nobody. Everything here is light, because every message passes it; what a channel does over the network are
 * actions in a module of its own (`src/component/<kind>.ts`), named by reference.
 */
import type { FunctionReference } from "convex/server";
import type { Payload } from "../../contract/queue.js";
import type { Policies } from "../../contract/policies.js";
import type { ChannelNeeds } from "../../policy/deployments/provision.js";
import type { ChannelFile, Parsed } from "../../policy/channels/events.js";
import type { Id } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/** What is said into a chat outside of any conversation. */
export type Words = { channel: string; accountId: string; chatId: string; text: string };
type Action<Args extends Record<string, unknown>> = () => FunctionReference<"action", "internal", Args, null>;

/** `failed` for good, or worth another try `later`. */
export type FetchedFile =
  | { kind: "file"; chunks: Uint8Array<ArrayBuffer>[] }
  | { kind: "tooLarge" }
  | { kind: "failed"; error: string }
  | { kind: "later"; error: string; afterMs?: number };
/** Gets a file with the account's credential. Never throws; holds at most `maxBytes` in memory. */
export type FetchFile = (credential: string, fileId: string, maxBytes: number) => Promise<FetchedFile>;

export interface Channel {
  /**
   * Its name: `payload.provider` of its messages, the channel in every row, and the beginning of its keys in a message's
   * metadata.
   */
  readonly kind: string;
  /** What a request of it says. Absent: nothing comes in by itself, the app enqueues. Never throws. */
  readonly parse?: (body: string) => Parsed;
  readonly address: {
    /** The chat that the answer to a message goes to. */
    chatOf(payload: Pick<Payload, "providerUserId" | "metadata">): string;
    /** The metadata that names a chat or a user. */
    metadata(contact: { chatId?: string | undefined; userId?: string | undefined }): Record<string, string>;
  };
  /** The secret that answers are sent with. Null: none is needed. */
  readonly credential: Credential | null;
  readonly capabilities: Capabilities;
  /** What its side in a worker calls; absent: nothing. */
  workerNeeds?(): ChannelNeeds;
  /** Why an answer to this message would reach nobody; undefined: nothing is known against it. At most one document is read. */
  whyUnreachable?(ctx: QueryCtx, payload: Payload, credential: string | null): Promise<string | undefined>;
}

/** A secret of the vault. The worker gets its value and gives it to its side of the channel; nothing in between looks inside. */
interface Credential {
  /** Whether a ref of an agent's profile names one. */
  isRef(secretRef: string): boolean;
  /** Where the agent's own lies. */
  refOf(agentKey: string): string;
  /** The agent that a ref belongs to; null: any. */
  agentOf(secretRef: string): string | null;
  /** The account's public id, or null for a value that cannot be a credential. */
  accountOf(value: string): string | null;
}

/** What only some channels can do; absent: not this one. */
interface Capabilities {
  files?: {
    /** The text of a message that has files only (blank without any), and what its metadata says of them. */
    describe(files: readonly ChannelFile[]): { text: string; metadata: Record<string, string> };
    /** Fetches the file of a row: `fetchingWith` (`intake/fetchFile.ts`) and the channel's {@link FetchFile}. */
    fetch: Action<{ attachment: Id<"attachments"> }>;
  };
  groups?: {
    /** By the id alone. */
    isGroup(chatId: string): boolean;
    /** Which messages of a group an agent gets to see. */
    wanted(policies: Policies): "addressed" | "all";
  };
  /** A new text for a message that still waits. */
  edits?: true;
  /** A user makes a chat theirs by opening a link. */
  pairing?: {
    link(accountName: string, code: string): string;
    /** Says something into a chat, with a few tries. */
    tell: Action<Words & { tries: number }>;
  };
  /** It calls the app over HTTP, for accounts of its own. */
  webhook?: {
    /** Where, below the site's origin. */
    path: (pathPrefix: string) => string;
    /** For operators: how it and its accounts are called, and what to do when it does not deliver. */
    words: { name: string; account: string; setUp: string };
  };
}
