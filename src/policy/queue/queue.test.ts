import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultPolicies } from "../../contract/policies.js";
import { policyFaults } from "../config/overrides.js";
import { resolvePolicies } from "../config/policies.js";
import { orderHeads } from "./lane.js";
import { bandOf, placeInLine, respace } from "./place.js";
import { backoffMs } from "./retry.js";
import { recordBytes, utf8Bytes } from "./size.js";

describe("backoffMs", () => {
  it("doubles from 1 s and adds at most the jitter share, never beyond the cap plus jitter", () => {
    expect([1, 2, 3, 4].map((attempt) => backoffMs(attempt, defaultPolicies.retry, 0))).toEqual([
      1_000, 2_000, 4_000, 8_000,
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, random) => {
          const delay = backoffMs(attempt, defaultPolicies.retry, random);
          expect(delay).toBeLessThanOrEqual(defaultPolicies.retry.maxDelayMs * 1.1);
          expect(delay).toBeGreaterThanOrEqual(backoffMs(attempt, defaultPolicies.retry, 0));
        },
      ),
    );
  });
});

describe("placeInLine", () => {
  it("gives priority a head start of one tick a point and no more", () => {
    const line = { headStart: 1_000, lastOfFlow: 2_000 };
    const low = placeInLine(0, line, 0);
    const high = placeInLine(100, line, 0);
    expect(low.start).toBe(2_001);
    expect(low.rank - high.rank).toBe(100);
  });

  it("lets a newcomer in at the head and restarts an empty lane from the clock", () => {
    expect(placeInLine(50, { headStart: 7, lastOfFlow: null }, 1).start).toBe(7);
    expect(placeInLine(50, { headStart: null, lastOfFlow: null }, 3).start).toBe(3 * 1024);
  });

  it("has five bands", () => {
    expect([0, 19, 20, 59, 80, 100].map(bandOf)).toEqual([0, 0, 1, 2, 4, 4]);
  });
});

describe("respace", () => {
  const row = fc.record({
    workspace: fc.constantFrom("a", "b"),
    band: fc.constantFrom(0, 2),
    start: fc.integer({ min: 0, max: 20 }),
  });
  it("leaves one row of a flow per tick, moves nothing forward, and is done after one pass", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        const placed = rows.map((fields, index) => ({ id: String(index), ...fields }));
        const moves = new Map(respace(placed).map((move) => [move.id, move.start]));
        const after = placed.map((item) => ({ ...item, start: moves.get(item.id) ?? item.start }));
        for (const item of after)
          expect(item.start).toBeGreaterThanOrEqual(placed[Number(item.id)]?.start ?? 0);
        const ticks = after.map((item) => JSON.stringify([item.workspace, item.band, item.start]));
        expect(new Set(ticks).size).toBe(ticks.length);
        expect(respace(after)).toEqual([]);
      }),
    );
  });
});

describe("lanes", () => {
  it("are tried by band, then by wait; a lot is drawn only once a head has waited 10 s", () => {
    const heads = [
      { lane: "a", band: 1, readyAt: 0 },
      { lane: "b", band: 3, readyAt: 5 },
      { lane: "c", band: 3, readyAt: 1 },
    ];
    const lanes = (now: number, random: [number, number]) =>
      orderHeads(heads, now, random).map((head) => head.lane);
    expect(lanes(9_999, [0, 0.99])).toEqual(["c", "b", "a"]);
    expect(lanes(10_000, [0.24, 0.99])).toEqual(["a", "c", "b"]);
    expect(lanes(10_000, [0.25, 0.99])).toEqual(["c", "b", "a"]);
  });
});

describe("sizes", () => {
  it("count as the encoder does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(utf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
    expect(recordBytes({ é: "ab" })).toBe(4);
  });
});

describe("policies", () => {
  it("are sound by default and merge field by field", () => {
    expect(policyFaults(defaultPolicies)).toEqual([]);
    expect(resolvePolicies({ retry: { maxAttempts: 2 } }).retry).toEqual({
      ...defaultPolicies.retry,
      maxAttempts: 2,
    });
  });

  it("name every fault, NaN included", () => {
    const faults = policyFaults(
      resolvePolicies({ retry: { maxAttempts: NaN }, lease: { heartbeatIntervalMs: 59_000 } }),
    );
    expect(faults).toHaveLength(2);
  });
});
