/** How the worker talks to the component. The loop knows no more than this. */
import type { ErrorCode } from "../../../src/contract/errors.js";
import type { ReplyFile } from "../../../src/contract/attachments.js";
import type { Job } from "../../../src/contract/queue.js";
import { pressures, type Pressure } from "../../../src/policy/calls/pressure.js";

/** What names a held message in every call about it. */
export type Held = Pick<Job, "messageId" | "leaseId">;

/** `blames` and `retryAfterMs` as in the contract (`vOutcome`). */
export interface Failure {
  kind: "fail";
  errorMessage: string;
  retryable?: boolean;
  blames?: "message" | "service";
  retryAfterMs?: number;
}

export interface SettleRequest {
  turns?: { role: "system" | "user" | "assistant" | "tool"; content: string; at?: number }[];
  /** `parts` counts the messages of the text and then one for each file. */
  reply?: { text: string; parts: number; files?: ReplyFile[] };
  sendingPart?: number;
  /** Parts of which the worker could not learn whether they arrived. */
  ambiguousParts?: number[];
  outcome?: { kind: "complete" } | Failure;
  claimNext?: { hydrate: boolean };
}
interface LeaseLost {
  ok: false;
  reason: "lease_lost";
}
export type SettleResult =
  | {
      ok: true;
      status: "held" | "done" | "queued" | "dead_letter";
      nextScheduledFor: number | null;
      next: Job | null;
    }
  | LeaseLost;
export type RenewResult = { ok: true; leaseExpiresAt: number; shouldStop: boolean } | LeaseLost;

/**
 * Every call is made once, but for what the deployment did not commit (`TransportError.pressure`), which is made again a few times;
 * who may repeat it besides, and until when, is the caller's decision. Rejects with {@link TransportError}.
 */
export interface Transport {
  /** The next job with its hydration, or null. Not to be repeated blindly: a lost answer has taken a lease. */
  claim(signal?: AbortSignal): Promise<Job | null>;
  /** Fenced, so a repeat is harmless: a repeat is answered as the first call was. */
  settle(held: Held, request: SettleRequest, signal?: AbortSignal): Promise<SettleResult>;
  /** Renews the lease. */
  heartbeat(held: Held, signal?: AbortSignal): Promise<RenewResult>;
  controlState(signal?: AbortSignal): Promise<Wishes>;
}

/** What the component wants of a worker besides work. */
export interface Wishes {
  shouldStop: boolean;
  /** Save and give up the conversation when idle. */
  release?: boolean | undefined;
  /** Probes to answer, as they came. */
  probes?: unknown[] | undefined;
}

/** `network`: no answer; `unexpected_reply`: an answer that is not the gateway's. */
export type TransportErrorCode = ErrorCode | "network" | "timeout" | "aborted" | "unexpected_reply";

/** A call to the component that gave no result. `message` never holds the token. */
export class TransportError extends Error {
  override readonly name = "TransportError";

  constructor(
    readonly code: TransportErrorCode,
    message: string,
    /** true: the same call may succeed later. */
    readonly retryable: boolean,
    readonly httpStatus: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Why the deployment did not commit the call, of which nothing was stored then; null for every other error. */
  get pressure(): Pressure | null {
    return pressures.find((pressure) => pressure === this.code) ?? null;
  }
}
