/**
 * What a chat channel is to a worker: how an answer becomes messages, how they are sent, and what is known of each afterwards.
 * The loop knows no channel. Its side in the component is `src/core/channels/<kind>/`.
 */
import type { z } from "zod";
import type { OutgoingFile } from "../attachments/files.js";
import type { Clock } from "../clock.js";

/** Where an answer goes. */
export interface Recipient {
  providerUserId: string;
  metadata: Record<string, string>;
  /** What the component's side of the channel gave along; only the channel looks inside. */
  credential: string | null;
  /** The part refers to the message that it answers, where the channel shows several people's. */
  quotes?: boolean;
}

/**
 * The receipt of one part.
 * - `sent`: the channel confirmed it.
 * - `ambiguous`: it may have arrived; it must not be sent again.
 * - `refused`: it did not arrive and never will.
 * - `transient`: it did not arrive; a later attempt may succeed. `retryAfterMs`: not before; absent: the channel
 *   limits nobody, it fails.
 * - `withheld`: it was not sent, because `maySend` said no at the last moment or the call was aborted before.
 */
export type SendResult =
  | { kind: "sent" }
  | { kind: "ambiguous"; reason: string }
  | { kind: "refused"; reason: string }
  | { kind: "transient"; reason: string; retryAfterMs?: number }
  | { kind: "withheld"; reason: string };

export interface Channel {
  /** As the component names it. */
  readonly kind: string;
  /** Absent: answers are not sent by the worker; they are read from the history. */
  readonly outbound?: Outbound;
}

/** How answers leave. A method that is absent is something that the channel cannot do. */
export interface Outbound {
  /** Why nothing can be sent to this recipient at present, or null. */
  problem(recipient: Recipient): string | null;
  /** The messages of one answer; the same for the same text on every worker; none for a blank one. */
  render(text: string): string[];
  /**
   * Sends one message. `maySend` is asked just before its first byte leaves. Does not reject, except with the signal's reason
   * when aborted after that.
   */
  send(part: string, recipient: Recipient, signal: AbortSignal, maySend?: () => boolean): Promise<SendResult>;
  /** Sends one file of an answer, as `send` does. */
  sendFile(
    file: OutgoingFile,
    recipient: Recipient,
    signal: AbortSignal,
    maySend?: () => boolean,
  ): Promise<SendResult>;
  /** Shows that an answer is being written until `signal` is aborted. Never rejects. */
  progress?(recipient: Recipient, signal: AbortSignal): Promise<void>;
  /** Resolves while the channel can be reached at all. Cheap, and needs no recipient. */
  check?(signal: AbortSignal): Promise<void>;
}

/** What every channel gets from its worker. */
export interface ChannelDeps {
  clock: Clock;
  /** Longest wait for one answer, in ms. */
  timeoutMs: number;
}

/** What a channel's folder gives the registry: the variables that it reads, and itself. */
export interface ChannelDefinition<Env extends z.ZodRawShape = z.ZodRawShape> {
  env: Env;
  create(env: z.infer<z.ZodObject<Env>>, deps: ChannelDeps): Channel;
}
