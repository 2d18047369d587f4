/** Bot API limits. A rate of `Infinity` means no limit. */
export interface RateLimits {
  /** Messages per second into one chat. */
  chatPerSecond: number;
  /** Messages into one chat that may come at once before `chatPerSecond` bites. */
  chatBurst: number;
  /** Messages per minute into one group, supergroup or channel. */
  groupPerMinute: number;
  /** Messages per second of one bot, over all chats. */
  botPerSecond: number;
}

/** The numbers of Telegram's Bots FAQ; "short bursts pass" is taken as three messages. */
export const REAL_RATE_LIMITS: RateLimits = {
  chatPerSecond: 1,
  chatBurst: 3,
  groupPerMinute: 20,
  botPerSecond: 30,
};

/** High enough that a demo on one machine never meets them, low enough to stop a runaway loop. */
export const GENEROUS_RATE_LIMITS: RateLimits = {
  chatPerSecond: 100,
  chatBurst: 200,
  groupPerMinute: 6_000,
  botPerSecond: 2_000,
};

interface Bucket {
  tokens: number;
  refilledAt: number;
}

/** Token buckets per chat, per group and per bot. Pure: the caller passes the time. */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly limits: RateLimits) {}

  /**
   * Takes one message out of every bucket it counts against, or nothing at all.
   * @returns 0 when the message may go, else the seconds to wait (at least 1).
   */
  take(message: { botId: number; chatId: number; isGroup: boolean; now: number }): number {
    const { botId, chatId, isGroup, now } = message;
    const { chatPerSecond, chatBurst, groupPerMinute, botPerSecond } = this.limits;
    const wanted = [
      this.refill(`chat:${botId}:${chatId}`, chatPerSecond, chatBurst, now),
      this.refill(`bot:${botId}`, botPerSecond, botPerSecond, now),
      ...(isGroup ? [this.refill(`group:${botId}:${chatId}`, groupPerMinute / 60, groupPerMinute, now)] : []),
    ];
    const waitSeconds = Math.max(...wanted.map(({ bucket, perSecond }) => (1 - bucket.tokens) / perSecond));
    if (waitSeconds > 0) return Math.ceil(waitSeconds);
    for (const { bucket } of wanted) bucket.tokens -= 1;
    return 0;
  }

  private refill(key: string, perSecond: number, capacity: number, now: number) {
    const bucket = this.buckets.get(key) ?? { tokens: capacity, refilledAt: now };
    if (Number.isFinite(perSecond)) {
      const gained = ((now - bucket.refilledAt) / 1000) * perSecond;
      bucket.tokens = Math.min(capacity, bucket.tokens + gained);
    } else {
      bucket.tokens = Number.MAX_SAFE_INTEGER;
    }
    bucket.refilledAt = now;
    this.buckets.set(key, bucket);
    return { bucket, perSecond };
  }
}
