import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { backoffMs, equalJitter } from "./backoff.js";

const law = { baseMs: 5_000, maxMs: 600_000 };

describe("the wait after a failure", () => {
  it("doubles from its base to its cap", () => {
    expect([1, 2, 3, 7, 8, 9, 1_000].map((failures) => backoffMs(failures, law))).toEqual([
      5_000, 10_000, 20_000, 320_000, 600_000, 600_000, 600_000,
    ]);
  });

  it("grows by its factor", () => {
    expect([1, 2, 3].map((failures) => backoffMs(failures, { ...law, factor: 3 }))).toEqual([
      5_000, 15_000, 45_000,
    ]);
  });

  it("of no failure is that of the first", () => {
    expect(backoffMs(0, law)).toBe(5_000);
  });

  it("is finite, never shorter for more failures, and within the cap and its share of jitter", () => {
    const laws = fc.record({
      baseMs: fc.integer({ min: 0, max: 86_400_000 }),
      maxMs: fc.integer({ min: 0, max: 604_800_000 }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const failures = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(laws, failures, fc.double({ min: 0, max: 0.999, noNaN: true }), (any, count, random) => {
        const waitMs = backoffMs(count, any, random);
        expect(Number.isFinite(waitMs)).toBe(true);
        expect(waitMs).toBeLessThanOrEqual(Math.round(any.maxMs * (1 + any.jitter)));
        expect(backoffMs(count + 1, any, random)).toBeGreaterThanOrEqual(waitMs);
        expect(waitMs).toBeGreaterThanOrEqual(backoffMs(count, any));
      }),
    );
  });

  it("lies between its half and its whole with equal jitter", () => {
    const law = equalJitter(500, 4_000);
    expect([1, 2, 4, 9].map((failures) => backoffMs(failures, law, 0))).toEqual([250, 500, 2_000, 2_000]);
    expect([1, 2, 4, 9].map((failures) => backoffMs(failures, law, 1))).toEqual([500, 1_000, 4_000, 4_000]);
  });
});
