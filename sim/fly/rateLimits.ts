/** A token bucket's size. A rate of `Infinity` means no limit. */
export interface Rate {
  perSecond: number;
  burst: number;
}

export interface FlyRateLimits {
  /** Every action, per machine or volume; create and list per app. */
  action: Rate;
  /** GET of one machine or volume. */
  get: Rate;
}

/** Fly's documented limits. */
export const REAL_FLY_LIMITS: FlyRateLimits = {
  action: { perSecond: 1, burst: 3 },
  get: { perSecond: 5, burst: 10 },
};

export const NO_FLY_LIMITS: FlyRateLimits = {
  action: { perSecond: Infinity, burst: Infinity },
  get: { perSecond: Infinity, burst: Infinity },
};

/** Token buckets by action and identifier. */
export class RateLimiter {
  private readonly buckets = new Map<string, { tokens: number; refilledAt: number }>();

  /** @returns false when the request is over the limit. */
  take(key: string, rate: Rate, now: number): boolean {
    if (!Number.isFinite(rate.perSecond)) return true;
    const bucket = this.buckets.get(key) ?? { tokens: rate.burst, refilledAt: now };
    this.buckets.set(key, bucket);
    const gained = ((now - bucket.refilledAt) / 1000) * rate.perSecond;
    bucket.tokens = Math.min(rate.burst, bucket.tokens + gained);
    bucket.refilledAt = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
