import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { leastLookedAt, rowsLookedAt, shareOf, windowFor, type Claimers } from "./share.js";

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const ofOneFlow = (id: string) => ({ id, flow: "one" });
const known = (worker: string, listed: readonly string[]): Claimers => ({ worker, listed, company: true });

describe("the window", () => {
  it("is the head for who is alone", () => {
    expect(windowFor({ worker: "w", listed: [], company: false })).toBe(1);
    expect(windowFor({ worker: "w", listed: ["w"], company: false })).toBe(1);
  });

  it("is three rows for each known worker, up to 64, and 24 for one that knows of others and is not known", () => {
    const of = (count: number) => windowFor(known("w0", names("w", count)));
    expect([2, 4, 16, 1_000].map(of)).toEqual([6, 12, 48, 64]);
    expect(windowFor({ worker: "new", listed: ["w0"], company: false })).toBe(24);
    expect(windowFor({ worker: "new", listed: [], company: true })).toBe(24);
    expect(windowFor({ worker: "w0", listed: ["w0"], company: true })).toBe(24);
  });
});

describe("the rows that every claim looks at", () => {
  it("are two while one worker may be alone, and the window of those who know of each other", () => {
    expect([0, 1, 2, 4].map((count) => leastLookedAt(names("w", count)))).toEqual([2, 2, 7, 13]);
  });

  it("are no more than any claimer's", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...names("w", 5))),
        fc.constantFrom(...names("w", 9)),
        (all, worker) => {
          const listed = [...new Set(all)];
          for (const company of [false, true])
            expect(leastLookedAt(listed)).toBeLessThanOrEqual(rowsLookedAt({ worker, listed, company }));
        },
      ),
    );
  });
});

describe("shareOf", () => {
  const claimers = fc.record({
    worker: fc.constantFrom(...names("w", 6)),
    listed: fc.uniqueArray(fc.constantFrom(...names("w", 20))),
    company: fc.boolean(),
  });
  const luck = fc.record({
    now: fc.nat(),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  const lines = fc
    .array(fc.constantFrom("a", "b"), { maxLength: 80 })
    .map((flows) => flows.map((flow, index) => ({ id: `row${index}`, flow })));

  it("is every row once, those of the window first; who is alone takes them in their order", () => {
    fc.assert(
      fc.property(lines, claimers, luck, (rows, who, drawn) => {
        const order = shareOf(rows, (row) => row, who, drawn);
        expect(order.map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
        const window = windowFor(who);
        if (window === 1) expect(order).toEqual(rows);
        expect(order.slice(window)).toEqual(rows.slice(window));
      }),
    );
  });

  it("takes a row of the flow whose turn it is, for a worker that is not known", () => {
    fc.assert(
      fc.property(lines, luck, (rows, drawn) => {
        const [first] = shareOf(rows, (row) => row, { worker: "new", listed: [], company: true }, drawn);
        expect(first?.flow).toBe(rows[0]?.flow);
      }),
    );
  });

  it("gives no two of the known workers the same row of their own, even where their lines differ", () => {
    const listed = names("worker-", 16);
    for (let now = 0; now < 60_000; now += 1_000) {
      const rows = names(`row-${now}-`, 48);
      const owners = new Map<string, string[]>();
      for (const [index, worker] of listed.entries()) {
        // Each sees the line without some that others have taken meanwhile.
        const seen = rows.filter((_, row) => row % 7 !== index % 7);
        const [own] = shareOf(seen, ofOneFlow, known(worker, listed), { now, random: 0.5 });
        owners.set(own ?? "", [...(owners.get(own ?? "") ?? []), worker]);
      }
      // One in twenty has no row of its own and draws by lot.
      const shared = [...owners.values()].filter((workers) => workers.length > 1).length;
      expect(shared).toBeLessThanOrEqual(4);
    }
  });

  it("changes the owners every two seconds, so that the head soon belongs to somebody else", () => {
    const listed = names("w", 8);
    const rows = names("row", 24);
    const owners = new Set<string>();
    for (let now = 0; now < 120_000; now += 2_000)
      for (const worker of listed)
        if (shareOf(rows, ofOneFlow, known(worker, listed), { now, random: 0.99 })[0] === "row0")
          owners.add(worker);
    expect(owners.size).toBe(8);
  });

  it("lets the head wait for its window, with a geometric tail, when all take one after the other", () => {
    const listed = names("w", 4);
    let line = names("c", 60).map((name) => ({ name, overtaken: 0 }));
    let worst = 0;
    for (let claim = 0; claim < 20_000; claim += 1) {
      const who = known(listed[claim % 4]!, listed);
      const random = (claim * 0.618) % 1;
      const [drawn] = shareOf(line, ({ name }) => ofOneFlow(name), who, { now: claim * 100, random });
      if (!drawn) throw new Error("an empty line");
      for (const row of line.slice(0, line.indexOf(drawn))) row.overtaken += 1;
      worst = Math.max(worst, drawn.overtaken);
      line = [
        ...line.filter((row) => row !== drawn),
        { name: `${claim} ${drawn.name}`.slice(0, 40), overtaken: 0 },
      ];
    }
    expect(worst).toBeLessThanOrEqual(12 * windowFor(known("w0", listed)));
  });
});
