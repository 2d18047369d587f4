/**
 * Watches the worker through its own calls to the component: the one place that every message, snapshot and refusal passes. It
 * counts, tells the log of the first claim, compares the clocks, and ends a worker that was idle for too long.
 */
import type { Logger } from "pino";
import type { Job } from "../../src/contract/queue.js";
import type { Clock } from "./clock.js";
import type { FaultCode } from "./faults.js";
import { faults } from "./faults.js";
import type { MemoryTransport } from "./memory/transport.js";
import type { Metrics } from "./metrics.js";
import type { RunControl } from "./shutdown.js";
import { TransportError, type SettleRequest, type Transport } from "./transport/transport.js";

/** Clocks that differ by more are reported, in ms. Certificates and signed requests usually tolerate this much. */
const SKEW_TOLERATED_MS = 5 * 60_000;

export interface ObserverDeps {
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  control: RunControl;
  /** Without a message for this long the worker stops; absent: never. In ms. */
  idleTimeoutMs?: number | undefined;
}

/** What the calls have told so far. */
export class Observer {
  /** Server minus local clock in ms, as of the last answer with a `Date`. */
  skewMs = 0;
  private skewTold = false;
  private readonly startedAt: number;
  private busyAt: number;
  private claimed = false;
  private readonly claimedAt = new Map<string, number>();

  constructor(private readonly deps: ObserverDeps) {
    this.startedAt = deps.clock.now();
    this.busyAt = this.startedAt;
  }

  /** ms since the worker last held a message. */
  get idleMs(): number {
    return this.claimedAt.size > 0 ? 0 : this.deps.clock.now() - this.busyAt;
  }
  /** What an operator should know though the worker works. */
  warnings(): string[] {
    if (Math.abs(this.skewMs) <= SKEW_TOLERATED_MS) return [];
    return [`clock_skewed: ${faults.clock_skewed.message} (${skewText(this.skewMs)})`];
  }

  /** A `fetch` for the component: counts what is sent and reads the server's clock off each answer. */
  fetch(send: typeof fetch): typeof fetch {
    return async (input, init) => {
      if (typeof init?.body === "string") this.deps.metrics.sentBytes.inc(Buffer.byteLength(init.body));
      const response = await send(input, init);
      const date = Date.parse(response.headers.get("date") ?? "");
      if (Number.isFinite(date)) this.noteSkew(date - this.deps.clock.now());
      return response;
    };
  }

  /** The same transport, watched. */
  transport<T extends Transport & MemoryTransport>(inner: T): T {
    const watched: Transport & MemoryTransport = {
      ...inner,
      claim: async (signal) => {
        const job = await inner.claim(signal);
        this.firstClaim();
        this.noteJob(job);
        if (job === null) this.stopIfIdle();
        return job;
      },
      settle: async (held, request, signal) => {
        const result = await inner.settle(held, request, signal);
        if (request.reply !== undefined && result.ok)
          this.deps.metrics.answerChars.observe(request.reply.text.length);
        if (!result.ok || request.outcome !== undefined) this.noteEnd(held.messageId, request);
        if (result.ok) this.noteJob(result.next);
        return result;
      },
      restore: async (of, leaseId, signal) => {
        const found = await inner.restore(of, leaseId, signal);
        this.deps.metrics.restores.inc({ result: found === null ? "none" : "found" });
        return found;
      },
      finalizeSnapshot: async (snapshot, signal) => {
        const ready = await inner.finalizeSnapshot(snapshot, signal);
        this.deps.metrics.snapshots.inc({ result: ready ? "ready" : "refused" });
        if (ready) this.deps.metrics.snapshotBytes.inc(snapshot.sizeBytes);
        return ready;
      },
      failSnapshot: async (failed, signal) => {
        this.deps.metrics.snapshots.inc({ result: "failed" });
        return await inner.failSnapshot(failed, signal);
      },
    };
    return { ...inner, ...watched };
  }

  /** Counts and times one call of an operation. */
  async call<T>(operation: string, attempt: () => Promise<T>): Promise<T> {
    const { metrics } = this.deps;
    const startedAt = performance.now();
    let result = "ok";
    try {
      return await attempt();
    } catch (error) {
      result = error instanceof TransportError ? error.code : "internal";
      throw error;
    } finally {
      metrics.calls.inc({ operation, result });
      metrics.callSeconds.observe({ operation }, (performance.now() - startedAt) / 1000);
    }
  }

  private firstClaim(): void {
    if (this.claimed) return;
    this.claimed = true;
    this.deps.metrics.startSeconds.set(process.uptime());
    this.deps.log.info({ detail: "worker connected" }, "worker.connected");
  }

  private noteJob(job: Job | null): void {
    if (job === null) return;
    this.busyAt = this.deps.clock.now();
    this.claimedAt.set(job.messageId, this.busyAt);
  }

  private noteEnd(messageId: string, { outcome }: SettleRequest): void {
    const now = this.deps.clock.now();
    const since = this.claimedAt.get(messageId);
    this.claimedAt.delete(messageId);
    this.busyAt = now;
    if (since !== undefined && outcome !== undefined)
      this.deps.metrics.messageSeconds.observe({ outcome: outcome.kind }, (now - since) / 1000);
  }

  /** Only after an empty claim: nothing was waiting for this worker then. */
  private stopIfIdle(): void {
    // A worker that claims again holds nothing, whatever became of the message it had.
    this.claimedAt.clear();
    const { idleTimeoutMs, control } = this.deps;
    if (idleTimeoutMs !== undefined && control.state === "running" && this.idleMs >= idleTimeoutMs)
      control.requestStop(`no message for ${idleTimeoutMs} ms`);
  }

  private noteSkew(skewMs: number): void {
    this.skewMs = skewMs;
    // A `Date` has whole seconds, so half a second of it is rounding.
    this.deps.metrics.clockSkew.set(Math.round(skewMs / 1000));
    const wrong = Math.abs(skewMs) > SKEW_TOLERATED_MS;
    if (wrong && !this.skewTold) {
      const code: FaultCode = "clock_skewed";
      const { message, fix } = faults[code];
      this.deps.log.error({ code, message, detail: skewText(skewMs), fix }, "worker.clockSkewed");
    }
    this.skewTold = wrong;
  }
}

const skewText = (skewMs: number): string =>
  `${Math.abs(Math.round(skewMs / 1000))} s ${skewMs > 0 ? "behind" : "ahead of"} the component's`;
