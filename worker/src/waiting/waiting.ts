/**
 * How an idle worker waits for its next claim. While it hears its wake-ups it waits for one, and asks by itself only once a
 * minute; else it polls as often as the server hints. A wake-up means "ask", never more: the claim decides.
 */
import { jittered, type Clock } from "../clock.js";
import type { Wishes } from "../transport/transport.js";

/** What the server tells with the answer to a claim that found nothing; an older one tells nothing. */
export interface IdleHint {
  retryAfterMs?: number | undefined;
  control?: Wishes | undefined;
}

/** The wait between two claims when the server hints nothing, in ms. */
export const UNHINTED_POLL_MS = 2_000;
/** A connection that is back within this time, in ms, was not lost: rings are a count, so none of them is missed. */
const LOST_AFTER_MS = 5_000;
/** A listener waits up to this much longer than it is told, never shorter: one call a minute is the most. */
const LISTENER_SPREAD = 0.2;

export interface WaitingOptions {
  clock: Clock;
  /** A poll interval in ms that wins over every hint. */
  fixedPollMs?: number | undefined;
  /** The worker subscribes to its wake-ups. Without that it never says to the server that it listens. */
  subscribes?: boolean;
}

/** One worker's waiting: the subscription and the transport report to it, the loop asks it. */
export class Waiting {
  private hint: IdleHint = {};
  private seq: number | null = null;
  private hears = false;
  private due = false;
  private pollAfterMs = 60_000;
  private wakeUp: () => void = () => undefined;
  private grace: AbortController | null = null;

  constructor(private readonly options: WaitingOptions) {}

  /** What a claim tells the server about wake-ups; undefined: nothing, as there is no subscription. */
  get listens(): boolean | undefined {
    return this.options.subscribes === true ? this.hears : undefined;
  }

  /** What the server wants besides work, if the last claim was empty and said so. */
  get control(): IdleHint["control"] {
    return this.hint.control;
  }

  /** The subscription works; `seq` counts the rings. It is news when it is another count, or the first after a loss. */
  heard(seq: number, pollAfterMs: number): void {
    this.grace?.abort();
    this.grace = null;
    this.pollAfterMs = pollAfterMs;
    // After a loss the next claim tells the server that there is somebody to ring again.
    const news = !this.hears || seq !== this.seq;
    this.hears = true;
    this.seq = seq;
    if (news) this.askNow();
  }

  /** The subscription does not work. If it stays so, the worker polls, and the next claim tells the server. */
  lost(): void {
    if (!this.hears || this.grace !== null) return;
    const grace = new AbortController();
    this.grace = grace;
    void this.options.clock.sleep(LOST_AFTER_MS, grace.signal).then(() => {
      if (grace.signal.aborted) return;
      this.grace = null;
      this.hears = false;
      this.askNow();
    });
  }

  /** A claim begins: it answers every ring so far, and older hints no longer count. */
  claiming(): void {
    this.due = false;
    this.hint = {};
  }

  /** The claim found nothing. */
  told(hint: IdleHint): void {
    this.hint = hint;
  }

  /** Resolves when it is time to claim, or when `stop` is aborted. */
  async untilNextClaim(stop: AbortSignal): Promise<void> {
    if (this.due || stop.aborted) return;
    const woken = new AbortController();
    const wakeUp = (): void => woken.abort();
    this.wakeUp = wakeUp;
    stop.addEventListener("abort", wakeUp, { once: true });
    await this.options.clock.sleep(this.waitMs(), woken.signal);
    stop.removeEventListener("abort", wakeUp);
    this.wakeUp = () => undefined;
  }

  /** Stops its timer. */
  close(): void {
    this.grace?.abort();
  }

  private askNow(): void {
    this.due = true;
    this.wakeUp();
  }

  private waitMs(): number {
    const { clock, fixedPollMs } = this.options;
    if (fixedPollMs !== undefined) return jittered(fixedPollMs, clock.random());
    if (this.hears) return Math.round(this.pollAfterMs * (1 + LISTENER_SPREAD * clock.random()));
    return jittered(this.hint.retryAfterMs ?? UNHINTED_POLL_MS, clock.random());
  }
}
