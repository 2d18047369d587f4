import { describe, expect, it } from "vitest";
import { RateLimiter, REAL_RATE_LIMITS } from "./rateLimits.js";
import { retryDelaySeconds } from "./retryDelay.js";

describe("RateLimiter with the real numbers", () => {
  const message = { botId: 1, chatId: 5, isGroup: false };

  it("lets a burst of three pass, then one a second", () => {
    const limiter = new RateLimiter(REAL_RATE_LIMITS);
    expect([0, 0, 0, 0].map((now) => limiter.take({ ...message, now }))).toEqual([0, 0, 0, 1]);
    expect(limiter.take({ ...message, now: 1000 })).toBe(0);
    expect(limiter.take({ ...message, now: 1500 })).toBe(1);
  });

  it("keeps a group to 20 a minute", () => {
    const limiter = new RateLimiter({ ...REAL_RATE_LIMITS, chatPerSecond: Infinity });
    const waits = Array.from({ length: 21 }, () => limiter.take({ ...message, isGroup: true, now: 0 }));
    expect(waits.slice(0, 20).every((wait) => wait === 0)).toBe(true);
    expect(waits[20]).toBe(3);
  });

  it("keeps a bot to 30 a second over all chats, and other bots apart", () => {
    const limiter = new RateLimiter(REAL_RATE_LIMITS);
    const waits = Array.from({ length: 31 }, (_, chatId) => limiter.take({ ...message, chatId, now: 0 }));
    expect(waits.filter((wait) => wait > 0)).toHaveLength(1);
    expect(limiter.take({ ...message, botId: 2, now: 0 })).toBe(0);
  });
});

describe("retryDelaySeconds", () => {
  it("is 0, 2, 4, 8 ... with a cap between 60 and 120", () => {
    expect([1, 2, 3, 4, 5, 6].map((failures) => retryDelaySeconds(failures, () => 0))).toEqual([
      0, 2, 4, 8, 16, 32,
    ]);
    expect(retryDelaySeconds(20, () => 0)).toBe(60);
    expect(retryDelaySeconds(20, () => 0.5)).toBe(90);
  });

  it("obeys Retry-After up to an hour and ignores what is not a number", () => {
    expect(retryDelaySeconds(1, () => 0, "7")).toBe(7);
    expect(retryDelaySeconds(1, () => 0, "99999")).toBe(3600);
    expect(retryDelaySeconds(2, () => 0, "Wed, 21 Oct 2026 07:28:00 GMT")).toBe(2);
  });
});
