import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shareOf, windowFor } from "./share.js";

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const same = (name: string) => name;

describe("the window", () => {
  it("is the head for one worker, and three rows for each of several, up to 64", () => {
    expect([0, 1, 2, 4, 16, 1_000].map(windowFor)).toEqual([1, 1, 6, 12, 48, 64]);
  });
});

describe("shareOf", () => {
  const share = fc.record({
    rows: fc.uniqueArray(fc.string(), { maxLength: 80 }),
    claimers: fc.uniqueArray(fc.string(), { minLength: 0, maxLength: 20 }),
    worker: fc.string(),
    now: fc.nat(),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });

  it("is every row once, those of the window first; one worker alone takes them in their order", () => {
    fc.assert(
      fc.property(share, ({ rows, ...sharing }) => {
        const order = shareOf(rows, same, sharing);
        expect([...order].sort()).toEqual([...rows].sort());
        const window = windowFor(sharing.claimers.length);
        if (window === 1) expect(order).toEqual(rows);
        expect(order.slice(window)).toEqual(rows.slice(window));
      }),
    );
  });

  it("gives no two of the known workers the same row of their own, even where their lines differ", () => {
    const claimers = names("worker-", 16);
    for (let now = 0; now < 60_000; now += 1_000) {
      const rows = names(`row-${now}-`, 48);
      const owners = new Map<string, string[]>();
      for (const [index, worker] of claimers.entries()) {
        // Each sees the line without some that others have taken meanwhile.
        const seen = rows.filter((_, row) => row % 7 !== index % 7);
        const [own] = shareOf(seen, same, { worker, claimers, now, random: 0.5 });
        owners.set(own ?? "", [...(owners.get(own ?? "") ?? []), worker]);
      }
      // One in twenty has no row of its own and draws by lot.
      const shared = [...owners.values()].filter((workers) => workers.length > 1).length;
      expect(shared).toBeLessThanOrEqual(4);
    }
  });

  it("changes the owners every second, so that the head soon belongs to somebody else", () => {
    const claimers = names("w", 8);
    const rows = names("row", 24);
    const owners = new Set<string>();
    for (let now = 0; now < 60_000; now += 1_000)
      for (const worker of claimers)
        if (shareOf(rows, same, { worker, claimers, now, random: 0.99 })[0] === "row0") owners.add(worker);
    expect(owners.size).toBe(8);
  });

  it("lets the head wait for its window, with a geometric tail, when all take one after the other", () => {
    const claimers = names("w", 4);
    let line = names("c", 60).map((name) => ({ name, overtaken: 0 }));
    let worst = 0;
    for (let claim = 0; claim < 20_000; claim += 1) {
      const worker = claimers[claim % 4]!;
      const random = (claim * 0.618) % 1;
      const [drawn] = shareOf(line, ({ name }) => name, { worker, claimers, now: claim * 100, random });
      if (!drawn) throw new Error("an empty line");
      for (const row of line.slice(0, line.indexOf(drawn))) row.overtaken += 1;
      worst = Math.max(worst, drawn.overtaken);
      line = [...line.filter((row) => row !== drawn), { name: `${drawn.name}'`.slice(0, 40), overtaken: 0 }];
    }
    expect(worst).toBeLessThanOrEqual(12 * windowFor(4));
  });
});
