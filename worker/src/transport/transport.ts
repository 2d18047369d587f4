/** How the worker talks to the component. The loop knows no more than this. */
import type { Infer, ObjectType } from "convex/values";
import type { ErrorCode } from "../../../src/contract/errors.js";
import type { Job, renewLease, settle, vOutcome } from "../../../src/contract/queue.js";
import { pressures, type Pressure } from "../../../src/policy/calls/pressure.js";
import type { Wishes } from "./wire.js";

export type { Wishes } from "./wire.js";

/** What names a held message in every call about it. */
export type Held = Pick<Job, "messageId" | "leaseId">;

export type Failure = Extract<Infer<typeof vOutcome>, { kind: "fail" }>;
/** What a settle says, besides which message and by whom. */
export type SettleRequest = Omit<
  ObjectType<typeof settle.args>,
  keyof Held | "workerId" | "workerToken" | "instance"
>;
export type SettleResult = Infer<typeof settle.returns>;
export type RenewResult = Infer<typeof renewLease.returns>;

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
