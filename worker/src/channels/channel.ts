/** How an answer reaches the user. The loop knows no chat platform. */
import type { OutgoingFile } from "../attachments/files.js";

/** Where an answer goes. */
export interface Recipient {
  provider: string;
  providerUserId: string;
  metadata: Record<string, string>;
  /** The agent's bot token from the hydration. */
  botToken: string | null;
  /** The part refers to the message that it answers, where the platform shows several people's. */
  quotes?: boolean;
}

/**
 * - `sent`: the platform confirmed it.
 * - `ambiguous`: it may have arrived; it must not be sent again.
 * - `refused`: it did not arrive and never will.
 * - `transient`: it did not arrive; a later attempt may succeed. `retryAfterMs`: not before; absent: the platform
 *   limits nobody, it fails.
 * - `withheld`: it was not sent, because `maySend` said no at the last moment or the call was aborted before.
 */
export type SendResult =
  | { kind: "sent" }
  | { kind: "ambiguous"; reason: string }
  | { kind: "refused"; reason: string }
  | { kind: "transient"; reason: string; retryAfterMs?: number }
  | { kind: "withheld"; reason: string };

export interface Delivery {
  /** false: answers for this provider are not sent by the worker; the host reads them from the history. */
  handles(provider: string): boolean;
  /** Why nothing can be sent to this recipient at present, or null. */
  problem(recipient: Recipient): string | null;
  /** The messages of one answer; the same for the same text on every worker; none for a blank one. */
  split(text: string): string[];
  /**
   * Sends one part. `maySend` is asked just before its first byte leaves. Does not reject, except with the signal's reason when
   * aborted after that.
   */
  send(part: string, recipient: Recipient, signal: AbortSignal, maySend?: () => boolean): Promise<SendResult>;
  /** Sends one file of an answer, as `send` does. */
  sendFile(
    file: OutgoingFile,
    recipient: Recipient,
    signal: AbortSignal,
    maySend?: () => boolean,
  ): Promise<SendResult>;
  /** Resolves while the platform can be reached at all. Cheap, and needs no recipient. */
  check?(signal: AbortSignal): Promise<void>;
  /** Shows that an answer is being written until `signal` is aborted. Never rejects. */
  showActivity(recipient: Recipient, signal: AbortSignal): Promise<void>;
}
