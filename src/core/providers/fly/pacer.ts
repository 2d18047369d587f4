/** Keeps one adapter below Fly's rate limits, so that a 429 is the exception and not the rhythm. */

/** A token bucket: `burst` calls at once, then `perSecond`. */
export interface Rate {
  perSecond: number;
  burst: number;
}

/** Fly: 1 request a second per action and identifier, burst 3. A little slower, because its clock is not ours. */
export const ACTION_RATE: Rate = { perSecond: 0.9, burst: 3 };
/** Fly: GET of one machine, 5 a second, burst 10. */
export const GET_RATE: Rate = { perSecond: 4.5, burst: 10 };

interface Bucket {
  /** Negative while callers wait: each has taken its turn in order of arrival. */
  tokens: number;
  refilledAt: number;
}

/** Token buckets by key, for callers that wait instead of being refused. */
export class Pacer {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly now: () => number,
    private readonly sleep: (ms: number) => Promise<void>,
  ) {}

  /** Resolves when the call may be sent. */
  async turn(key: string, rate: Rate): Promise<void> {
    const at = this.now();
    const bucket = this.buckets.get(key) ?? { tokens: rate.burst, refilledAt: at };
    this.buckets.set(key, bucket);
    const gained = ((at - bucket.refilledAt) / 1000) * rate.perSecond;
    bucket.tokens = Math.min(rate.burst, bucket.tokens + gained) - 1;
    bucket.refilledAt = at;
    if (bucket.tokens < 0) await this.sleep((-bucket.tokens / rate.perSecond) * 1000);
  }
}
