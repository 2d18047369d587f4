import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { pollHintMs } from "./pollHint.js";

const quiet = (quietMs: number | null, nextDueInMs: number | null = null) =>
  pollHintMs({ quietMs, nextDueInMs, listens: false });

describe("pollHintMs", () => {
  it("is short while work is around and grows with the quiet", () => {
    expect([0, 5_000, 20_000, 120_000, 600_000, 86_400_000].map((ms) => quiet(ms))).toEqual([
      1_000, 1_000, 2_000, 12_000, 60_000, 60_000,
    ]);
    expect(quiet(null)).toBe(60_000);
  });
  it("does not sleep past a message that is known to come due", () => {
    expect([quiet(null, 5_000), quiet(86_400_000, 20), quiet(0, 5_000)]).toEqual([5_000, 1_000, 1_000]);
  });
  it("is a minute for a worker that hears its wake-ups", () => {
    expect(pollHintMs({ quietMs: 0, nextDueInMs: 0, listens: true })).toBe(60_000);
  });
  it("is always a whole number from 1 to 60 s", () => {
    const ms = fc.option(fc.double({ min: -1e6, max: 1e12, noNaN: true }));
    fc.assert(
      fc.property(ms, ms, fc.boolean(), (quietMs, nextDueInMs, listens) => {
        const hint = pollHintMs({ quietMs, nextDueInMs, listens });
        expect(Number.isInteger(hint) && hint >= 1_000 && hint <= 60_000).toBe(true);
      }),
    );
  });
});
