import { describe, expect, it } from "vitest";
import { afterBegin, afterReport, LATE_EFFECT_MS, settledAt } from "./unsettled.js";

const T = 1_000_000;

describe("a creation", () => {
  it("may come, while nothing is said of it, for as long after the last moment at which it may have been sent", () => {
    expect(settledAt(afterBegin([], 1, T))).toBe(T + LATE_EFFECT_MS);
  });

  it("that was answered is settled", () => {
    const creations = afterReport(afterBegin([], 1, T), 1, { unsettled: false, now: T });
    expect(creations).toEqual([]);
    expect(settledAt(creations)).toBeUndefined();
  });

  it("that was not answered may come until a while after it was given up", () => {
    const creations = afterReport(afterBegin([], 1, T), 1, { unsettled: true, now: T - 60_000 });
    expect(settledAt(creations)).toBe(T - 60_000 + LATE_EFFECT_MS);
  });

  it("of an attempt that died stays open whatever a later attempt reports", () => {
    const both = afterBegin(afterBegin([], 1, T), 2, T + 120_000);
    expect(settledAt(afterReport(both, 2, { unsettled: false, now: T }))).toBe(T + LATE_EFFECT_MS);
    expect(afterReport(both, 1, { unsettled: false, now: T })).toEqual([
      { attempt: 2, until: T + 120_000 + LATE_EFFECT_MS },
    ]);
  });

  it("that nobody began is not made up by a failure before it", () => {
    expect(afterReport([], 1, { unsettled: true, now: T })).toEqual([]);
  });
});
