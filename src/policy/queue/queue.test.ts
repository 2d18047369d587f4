import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { defaultPolicies } from "../../contract/policies.js";
import { policyFaults } from "../config/overrides.js";
import { resolvePolicies } from "../config/policies.js";
import { orderHeads } from "./lane.js";
import { bandOf, fairOrder, flowOf, placeInLine, placesOf, virtualTime } from "./place.js";
import { retryWaitMs } from "./retry.js";
import { recordBytes, utf8Bytes } from "./size.js";

describe("the wait after a failed delivery", () => {
  const wait = (count: number, random: number): number =>
    retryWaitMs({ attempts: 0, failing: { since: 0, count } }, defaultPolicies.retry, 0, random);

  it("doubles from 1 s and adds at most the jitter share, never beyond the cap plus jitter", () => {
    expect([0, 1, 2, 3].map((count) => wait(count, 0))).toEqual([1_000, 2_000, 4_000, 8_000]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (count, random) => {
          expect(wait(count, random)).toBeLessThanOrEqual(defaultPolicies.retry.maxDelayMs * 1.1);
          expect(wait(count, random)).toBeGreaterThanOrEqual(wait(count, 0));
        },
      ),
    );
  });
});

describe("placeInLine", () => {
  it("gives priority a head start of one tick a point and no more", () => {
    const [low, high] = [placeInLine(0, 2_001, 0), placeInLine(100, 2_001, 0)];
    expect([low.start, high.start]).toEqual([2_001, 2_001]);
    expect(low.rank - high.rank).toBe(100);
  });

  it("lets a newcomer in at the time of its lane and restarts an empty lane from the clock, in quarter seconds", () => {
    expect(placeInLine(50, 7, 1).start).toBe(7);
    expect(placeInLine(50, null, 1_003).start).toBe(1_000 * 1024);
    expect(placeInLine(50, null, 1_249).start).toBe(1_000 * 1024);
    expect(placeInLine(50, null, 1_250).start).toBe(1_250 * 1024);
  });

  it("has five bands", () => {
    expect([0, 19, 20, 59, 80, 100].map(bandOf)).toEqual([0, 0, 1, 2, 4, 4]);
  });
});

interface Row {
  name: string;
  workspace: string;
  band: number;
  start: number;
  priority: number;
  readyAt: number;
}
const waitingRow = fc
  .record({
    workspace: fc.constantFrom("a", "b", "c"),
    priority: fc.constantFrom(0, 10, 50, 100),
    start: fc.integer({ min: 0, max: 300 }),
  })
  .map((fields) => ({ ...fields, band: bandOf(fields.priority), readyAt: fields.start }));
const waitingRows = fc
  .array(waitingRow, { maxLength: 40 })
  .map((rows) => rows.map((row, index): Row => ({ ...row, name: String(index) })));
const memory = fc.dictionary(
  fc.constantFrom(
    ...["a", "b", "c"].flatMap((workspace) => [0, 2, 4].map((band) => flowOf({ workspace, band }))),
  ),
  fc.integer({ min: 0, max: 400 }),
);

/** Takes everything as a single worker does, and says in which order. */
function takeAll(rows: readonly Row[], served: Map<string, number>): Row[] {
  const taken: Row[] = [];
  let left = [...rows];
  while (left.length > 0) {
    const [turn] = fairOrder(left, served);
    if (!turn) throw new Error("a line without a head");
    served.set(flowOf(turn.row), turn.charge);
    taken.push(turn.row);
    left = left.filter((row) => row !== turn.row);
  }
  return taken;
}

describe("fairOrder", () => {
  it("gives each flow one row per tick, none before its flow's next tick, and serves a flow in order of rank", () => {
    fc.assert(
      fc.property(waitingRows, memory, (rows, remembered) => {
        const served = new Map(Object.entries(remembered));
        const turns = fairOrder(rows, served);
        expect(turns).toHaveLength(rows.length);
        const ticks = turns.map(({ row, tick }) => `${flowOf(row)} ${tick}`);
        expect(new Set(ticks).size).toBe(ticks.length);
        for (const { row, tick, charge } of turns) {
          expect(tick).toBeGreaterThan(served.get(flowOf(row)) ?? -1);
          expect(charge).toBeLessThanOrEqual(tick);
        }
      }),
    );
  });

  it("serves a flow in order of arrival, though newcomers enter at a tick that was published before", () => {
    const row = { workspace: "t", band: 2, priority: 50 };
    const placed = { ...row, name: "placed by a look", start: 107, readyAt: 1_000 };
    const newcomer = { ...row, name: "newcomer", start: 100, readyAt: 9_000 };
    const other = { ...row, workspace: "u", name: "other", start: 100, readyAt: 500 };
    const served = new Map([
      [flowOf(row), 103],
      [flowOf(other), 106],
    ]);
    const turns = fairOrder([newcomer, placed, other], served).map((turn) => turn.row.name);
    expect(turns.indexOf("placed by a look")).toBeLessThan(turns.indexOf("newcomer"));
  });

  it("charges a newcomer what its lane serves, though the flow that has come so far is out of sight", () => {
    const newcomer = { workspace: "t", band: 2, priority: 50, start: 106, readyAt: 9_000 };
    const other = { ...newcomer, workspace: "u", start: 102, readyAt: 500 };
    const served = new Map([[flowOf(newcomer), 102]]);
    const chargeOf = (published?: number) =>
      fairOrder([newcomer, other], served, published).find(({ row }) => row === newcomer)?.charge;
    expect([chargeOf(), chargeOf(106)]).toEqual([103, 106]);
  });

  it("stored places that it corrects are right the next time", () => {
    fc.assert(
      fc.property(waitingRows, memory, (rows, remembered) => {
        const served = new Map(Object.entries(remembered));
        const starts = new Map(placesOf(rows, served).map(({ row, start }) => [row.name, start]));
        const placed = rows.map((row) => ({ ...row, start: starts.get(row.name) ?? row.start }));
        const before = fairOrder(rows, served).map(({ row }) => row.name);
        expect(fairOrder(placed, served).map(({ row }) => row.name)).toEqual(before);
        expect(placesOf(placed, served)).toEqual([]);
      }),
    );
  });

  it("overtakes nobody by another flow more often than once, plus the points by which that is more urgent", () => {
    fc.assert(
      fc.property(waitingRows, (rows) => {
        const together = rows.map((row) => ({ ...row, start: 1_000, readyAt: 0 }));
        const order = takeAll(together, new Map());
        for (const [position, row] of order.entries()) {
          // Its own flow's rows before it: those that came earlier, and those that were more urgent.
          const ofOwnFlow = together.filter(
            (other) =>
              flowOf(other) === flowOf(row) &&
              (Number(other.name) < Number(row.name) || order.indexOf(other) < position),
          ).length;
          const others = new Map<string, Row[]>();
          for (const other of order.slice(0, position))
            if (flowOf(other) !== flowOf(row))
              others.set(flowOf(other), [...(others.get(flowOf(other)) ?? []), other]);
          for (const overtaking of others.values()) {
            const headStart = Math.max(...overtaking.map(({ priority }) => priority)) - row.priority;
            expect(overtaking.length).toBeLessThanOrEqual(ofOwnFlow + 1 + Math.max(0, headStart));
          }
        }
      }),
    );
  });

  it("brings a newcomer in at the time of a lane that lags behind the clock", () => {
    const old = Array.from({ length: 300 }, (_, index) => ({
      name: `old${index}`,
      workspace: "big",
      band: 2,
      start: 1_000 + index,
      priority: 50,
      readyAt: index,
    }));
    const late = { name: "late", workspace: "small", band: 2, start: 9_999_999, priority: 50, readyAt: 400 };
    const served = new Map([[flowOf(old[0]!), 999]]);
    expect(virtualTime([...old, late], served)).toBe(1_000);
    expect(takeAll([...old, late], served).findIndex(({ name }) => name === "late")).toBeLessThanOrEqual(1);
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
