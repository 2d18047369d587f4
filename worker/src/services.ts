/**
 * What answering needs besides the component: the engine, the worker's own store, the chat channels. A worker that has seen one of
 * them fail claims nothing for a while (a circuit breaker), since each message would meet the same failure; then it looks, with a
 * cheap check where there is one, and claims one message to see. Only a success ends it.
 */
import type { Logger } from "pino";
import { backoffMs, equalJitter } from "../../src/policy/retry/backoff.js";
import type { Clock } from "./clock.js";
import type { Channels } from "./channels/registry.js";
import type { Engine } from "./engine/engine.js";
import type { Metrics } from "./metrics.js";
import type { OwnStore } from "./store/store.js";

export type Service = "engine" | "store" | "delivery";

/** Resolves while the service answers. Cheap: called at most once a second. */
export type ServiceCheck = (signal: AbortSignal) => Promise<void>;

export interface ServicesDeps {
  clock: Clock;
  log: Logger;
  metrics: Pick<Metrics, "serviceDown">;
  checks?: Partial<Record<Service, ServiceCheck>>;
}

/** So many failures in a row hold claims back: one may be chance. A service that says how long it is busy needs none but that. */
const FAILURES_TO_OPEN = 2;
/** The pause after the first failure and the longest one, in ms. */
const pauses = equalJitter(1_000, 30_000);
/** A failing check holds claims back no longer than this, in ms: a claim is also the sign of life by which the worker keeps its conversation. */
const LONGEST_SILENCE_MS = 60_000;
/** Longest wait for a check, in ms. */
const CHECK_TIMEOUT_MS = 5_000;

/** The checks that this worker's parts offer. */
export function checksOf(
  engine: Engine,
  store: OwnStore | null,
  channels: Pick<Channels, "check">,
): Partial<Record<Service, ServiceCheck>> {
  return {
    ...(engine.check && { engine: (signal) => engine.check?.(signal) ?? Promise.resolve() }),
    ...(store && { store: async () => void (await store.list()) }),
    delivery: (signal) => channels.check(signal),
  };
}

interface Outage {
  since: number;
  failures: number;
  reason: string;
  /** It holds claims back. */
  open: boolean;
  /** No claim before. */
  until: number;
  /** When this began to hold claims back without one in between. */
  silentSince: number;
}

export class Services {
  private readonly outages = new Map<Service, Outage>();

  constructor(private readonly deps: ServicesDeps) {}

  /** The service failed in a way that says nothing about the message. `retryAfterMs`: how long it asked to be left alone. */
  failed(service: Service, reason: string, retryAfterMs = 0): void {
    const { clock, log, metrics } = this.deps;
    const now = clock.now();
    const before = this.outages.get(service);
    const failures = (before?.failures ?? 0) + 1;
    const since = before?.since ?? now;
    const opens = failures >= FAILURES_TO_OPEN || retryAfterMs > 0;
    const pauseMs = opens
      ? Math.max(Math.min(retryAfterMs, LONGEST_SILENCE_MS), backoffMs(failures, pauses, clock.random()))
      : 0;
    this.outages.set(service, {
      since,
      failures,
      reason,
      open: opens,
      until: now + pauseMs,
      silentSince: now,
    });
    if (!opens || before?.open === true) return;
    metrics.serviceDown.set({ service }, 1);
    log.warn({ service, reason, pauseMs }, "worker.serviceDown");
  }

  /** The service did its part. */
  worked(service: Service): void {
    const outage = this.outages.get(service);
    if (outage === undefined) return;
    this.outages.delete(service);
    if (!outage.open) return;
    this.deps.metrics.serviceDown.set({ service }, 0);
    this.deps.log.info({ service, downMs: this.deps.clock.now() - outage.since }, "worker.serviceBack");
  }

  /** false: a claim would most likely only meet the failure again. */
  get mayClaim(): boolean {
    const now = this.deps.clock.now();
    return [...this.outages.values()].every(({ until }) => until <= now);
  }

  /** What is down, one sentence each. */
  problems(): string[] {
    return [...this.outages]
      .filter(([, { open }]) => open)
      .map(
        ([service, { since, reason }]) =>
          `${service}: failing since ${new Date(since).toISOString()} (${reason})`,
      );
  }

  /** Waits until one message may be claimed to see, or `stop` aborts. */
  async untilNextTry(stop: AbortSignal): Promise<void> {
    const { clock } = this.deps;
    while (!stop.aborted && !this.mayClaim) {
      const now = clock.now();
      const next = Math.max(...[...this.outages.values()].map(({ until }) => until));
      await clock.sleep(next - now, stop);
      for (const [service, outage] of this.outages)
        if (outage.open && !stop.aborted) await this.look(service, outage, stop);
    }
  }

  /** Holds claims back a while longer if the check fails, within its bound. */
  private async look(service: Service, outage: Outage, stop: AbortSignal): Promise<void> {
    const { clock, checks = {} } = this.deps;
    const check = checks[service];
    if (check === undefined) return;
    try {
      await check(AbortSignal.any([stop, AbortSignal.timeout(CHECK_TIMEOUT_MS)]));
    } catch {
      outage.failures += 1;
      const pauseMs = backoffMs(outage.failures, pauses, clock.random());
      outage.until = Math.min(clock.now() + pauseMs, outage.silentSince + LONGEST_SILENCE_MS);
    }
  }
}
