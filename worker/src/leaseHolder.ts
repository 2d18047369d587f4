/**
 * Holds the lease of one message: renews it beside the work and makes every fenced write about it, one after the other. Whoever
 * learns first that the lease is lost aborts `signal`, and with it the engine and the delivery.
 */
import type { Logger } from "pino";
import { equalJitter } from "../../src/policy/retry/backoff.js";
import { repeat } from "./retry.js";
import type { Job } from "../../src/contract/queue.js";
import { jittered, type Clock } from "./clock.js";
import type { Journal } from "./journal/journal.js";
import { LeaseTurns } from "./leaseTurns.js";
import type { Metrics } from "./metrics.js";
import type { ConnectionStatus } from "./status.js";
import {
  TransportError,
  type SettleRequest,
  type SettleResult,
  type Transport,
} from "./transport/transport.js";

/** Thrown through the work of a message when it may not go on. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor(readonly reason: "lease_lost" | "shutdown") {
    super(reason);
  }
}

export type Settled = Extract<SettleResult, { ok: true }>;

export interface LeaseHolder {
  /** Aborted with an {@link Interrupted} when the message is no longer ours, or the shutdown grace is over. */
  readonly signal: AbortSignal;
  /** Whether the message is certainly ours at this moment, by this worker's own clock. */
  holds(): boolean;
  /** Resolves when the lease holds, renewed if its time is over: the process may have been paused. Rejects with {@link Interrupted}. */
  assure(): Promise<void>;
  /** Notes what is to be said if nothing more is heard of this process. Durable when it returns. */
  note(lastWord: SettleRequest): void;
  /** A fenced write in the middle of the work. Rejects with {@link Interrupted}. */
  write(request: SettleRequest): Promise<Settled>;
  /** The write that ends the message. Not cut short by a heartbeat: its own answer is what counts. */
  end(request: SettleRequest): Promise<Settled>;
  /** One attempt to say a last word, whatever happened before; never rejects. */
  handBack(request: SettleRequest): Promise<boolean>;
  /** Strikes out what was noted, if the component itself has said that the lease is lost. */
  forget(): void;
  /** Stops renewing. */
  release(): Promise<void>;
}

export interface LeaseHolderDeps {
  transport: Transport;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  connection: ConnectionStatus;
  /** What is said about the message if this process cannot; its last word is struck out when the component has answered. */
  journal?: Journal;
  /** The server wants this worker to stop after this message. */
  onShouldStop(): void;
}

/** Retry waits of one call, in ms. */
const backoff = equalJitter(250, 5_000);
/** How long the farewell of a stopping worker may take, in ms. */
const HAND_BACK_MS = 3_000;

/**
 * Starts renewing the job's lease, which counts from `askedAt` on: the beginning of the call that got it, in epoch ms. `force` aborts
 * the work (not the renewing) when the shutdown grace is over.
 */
export function holdLease(
  deps: LeaseHolderDeps,
  job: Job,
  force: AbortSignal,
  askedAt = deps.clock.now(),
): LeaseHolder {
  const { transport, clock, log, metrics, connection } = deps;
  const lost = new AbortController();
  const released = new AbortController();
  const forced = new AbortController();
  const onForce = (): void => forced.abort(new Interrupted("shutdown"));
  if (force.aborted) onForce();
  else force.addEventListener("abort", onForce, { once: true });
  const signal = AbortSignal.any([lost.signal, forced.signal]);
  const over = AbortSignal.any([lost.signal, released.signal]);
  // Half an interval late, a renewal still comes well before the end of the lease, which is four of them away.
  const turns = new LeaseTurns(clock, job.heartbeatIntervalMs / 2);
  let goodUntil = localExpiry(askedAt, job.leaseExpiresAt, job);

  let ending = false;
  let told = false;

  const lose = (why: string, byComponent = true): void => {
    // A heartbeat that crosses the ending write finds the lease gone because that write succeeded.
    if (lost.signal.aborted || (ending && why !== "settle")) return;
    metrics.leaseLosses.inc();
    log.info({ messageId: job.messageId, why }, "worker.leaseLost");
    told = byComponent;
    lost.abort(new Interrupted("lease_lost"));
  };

  /** Repeats a fenced call until it is answered, refused, aborted, or the lease has run out. */
  async function persist<T>(operation: string, cut: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const result = await repeat(attempt, {
      clock,
      backoff,
      signal: cut,
      onFailure: (error, _failures, waitMs) => {
        cut.throwIfAborted();
        if (!(error instanceof TransportError)) throw error;
        if (error.code === "lease_lost") {
          lose(operation);
          throw new Interrupted("lease_lost");
        }
        connection.failed(error.code);
        if (!error.retryable || clock.now() + waitMs >= goodUntil) throw error;
        metrics.retries.inc({ operation });
        log.warn({ messageId: job.messageId, operation, code: error.code, waitMs }, "worker.callRetried");
      },
    });
    connection.succeeded();
    return result;
  }

  async function settle(
    request: SettleRequest,
    cut: AbortSignal,
    call: AbortSignal | undefined,
  ): Promise<Settled> {
    const result = await persist("settle", cut, () =>
      turns.take("write", cut, async () => {
        const answer = await transport.settle(job, understood(job, request), call);
        // Here, so that a renewal which waits for its turn learns of it before it gets that.
        if (!answer.ok) lose("settle");
        else if (request.outcome !== undefined) released.abort();
        return answer;
      }),
    );
    if (!result.ok) throw new Interrupted("lease_lost");
    if (request.outcome !== undefined) deps.journal?.settled(job);
    return result;
  }

  /** One renewal, repeated until it is answered or the lease has run out. */
  async function renew(): Promise<void> {
    let sentAt = clock.now();
    const result = await persist("heartbeat", over, () =>
      turns.take("renewal", over, () => {
        sentAt = clock.now();
        return transport.heartbeat(job, released.signal);
      }),
    );
    if (released.signal.aborted) return;
    metrics.heartbeats.inc({ result: result.ok ? "ok" : "lost" });
    if (!result.ok) return lose("heartbeat");
    goodUntil = localExpiry(sentAt, result.leaseExpiresAt, job);
    if (result.shouldStop) deps.onShouldStop();
  }

  async function renewing(): Promise<void> {
    while (!over.aborted) {
      await clock.sleep(jittered(job.heartbeatIntervalMs, clock.random(), 0.1), over);
      if (over.aborted) return;
      try {
        await renew();
      } catch (error) {
        if (over.aborted) return;
        metrics.heartbeats.inc({ result: "error" });
        const code = error instanceof TransportError ? error.code : "internal";
        log.warn({ messageId: job.messageId, code }, "worker.heartbeatFailed");
        if (clock.now() + job.heartbeatIntervalMs >= goodUntil) return lose(`no renewal: ${code}`, false);
      }
    }
  }
  const renewal = renewing();

  return {
    signal,
    holds: () => !signal.aborted && clock.now() < goodUntil,
    async assure() {
      signal.throwIfAborted();
      if (clock.now() < goodUntil) return;
      try {
        await renew();
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        lose(`no renewal: ${error.code}`, false);
      }
      signal.throwIfAborted();
    },
    note: (lastWord) => deps.journal?.note(job, understood(job, lastWord)),
    write: (request) => settle(request, signal, signal),
    end: (request) => {
      ending = true;
      return settle(request, forced.signal, undefined);
    },
    async handBack(request) {
      const tooLate = new AbortController();
      const done = new AbortController();
      void clock.sleep(HAND_BACK_MS, done.signal).then(() => tooLate.abort());
      try {
        const { ok } = await turns.take("write", tooLate.signal, () =>
          transport.settle(job, understood(job, request), tooLate.signal),
        );
        deps.journal?.settled(job);
        return ok;
      } catch {
        return false; // the lease runs out by itself
      } finally {
        done.abort();
      }
    },
    forget() {
      if (told) deps.journal?.settled(job);
    },
    async release() {
      released.abort();
      force.removeEventListener("abort", onForce);
      await renewal;
    },
  };
}

/**
 * Until when the lease is certainly ours, by our own clock. Clocks differ between machines, so it counts from the call that got
 * or renewed it; of a component that does not say how long a lease is, the time is believed within 2 to 20 heartbeat intervals.
 */
function localExpiry(
  askedAt: number,
  leaseExpiresAt: number,
  { leaseMs, heartbeatIntervalMs }: Pick<Job, "leaseMs" | "heartbeatIntervalMs">,
): number {
  const shortest = 2 * heartbeatIntervalMs;
  return askedAt + (leaseMs ?? Math.min(Math.max(leaseExpiresAt - askedAt, shortest), 10 * shortest));
}

/** A component that does not say how long its leases are refuses what a failure says about its cause. */
function understood(job: Job, request: SettleRequest): SettleRequest {
  if (job.leaseMs !== undefined || request.outcome?.kind !== "fail") return request;
  const { blames: _blames, retryAfterMs: _retryAfterMs, ...outcome } = request.outcome;
  return { ...request, outcome };
}
