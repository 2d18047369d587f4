/** The budgets of the queue, at sizes small enough for every run; the bench shows the same counts at thousands. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { componentModules } from "../test/component/world.js";
import { measure, type Cost } from "./measure.js";
import { claimBehindBacklog, operations } from "./operations.js";
import { createBenchWorld, setAlarms, type Size } from "./world.js";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The claims that the world was made with are too old to count as company: the line is strict. */
const beAlone = () => vi.setSystemTime(Date.now() + 5_000);

async function costsAt(size: Size): Promise<Record<string, Cost>> {
  const world = await createBenchWorld(componentModules, size);
  beAlone();
  const costs: Record<string, Cost> = {};
  for (const { name, alarms, call } of operations(world)) {
    await setAlarms(world, alarms ?? { reap: true, pass: false });
    costs[name] = await measure(world, name, call);
  }
  return costs;
}

/**
 * Most documents that a transaction is charged for, read and written; a hydration adds its own. What is searched on a stale
 * snapshot is charged to nobody and makes nobody retry; it has a bound of its own.
 */
const charged = (cost: Cost): number => cost.documentsRead - cost.staleDocumentsRead;
/** The head of each lane, its neighbours, the published line, the reaper's alarm. */
const MAX_STALE = 12;
const BUDGETS: [operation: RegExp, read: number, written: number, scheduled: number][] = [
  [/^enqueue.*(ready|held|pass pending)$/, 6, 4, 0],
  [/^enqueue.*nothing pending$/, 6, 4, 1],
  [/^claim, one lane$/, 5, 4, 0],
  [/^claim, one lane, arms the reaper$/, 5, 4, 1],
  [/^claim, two lanes$/, 5, 4, 0],
  [/^claim, nothing there$/, 4, 0, 0],
  [/^heartbeat$|^renewLease$/, 3, 2, 0],
  [/^complete/, 8, 6, 0],
  [/^fail, to be repeated$/, 8, 6, 1],
  [/^fail, dead letter/, 8, 6, 0],
  [/^settle: record/, 4, 4, 0],
  // One more than `complete`: the turns count once per message, so its row is read.
  [/^settle: 2 turns, complete/, 9, 5, 0],
];

describe("documents read and written", () => {
  it("stay within the budgets", async () => {
    const costs = await costsAt({ depth: 40, workers: 8, history: 80 });
    for (const [operation, read, written, scheduled] of BUDGETS) {
      const names = Object.keys(costs).filter((name) => operation.test(name));
      expect(names, String(operation)).not.toEqual([]);
      for (const name of names) {
        expect(charged(costs[name]!), `${name}: read`).toBeLessThanOrEqual(read);
        expect(costs[name]!.staleDocumentsRead, `${name}: stale`).toBeLessThanOrEqual(MAX_STALE);
        expect(costs[name]!.documentsWritten, `${name}: written`).toBeLessThanOrEqual(written);
        expect(costs[name]!.functionsScheduled, `${name}: scheduled`).toBe(scheduled);
      }
    }
    const { heartbeat } = costs;
    expect(heartbeat!.bytesRead + heartbeat!.bytesWritten).toBeLessThanOrEqual(2_048);
  });

  it("do not grow with backlog, workers or history; hydration only up to its window", async () => {
    // With several tenants waiting in both: their heads are looked at, however much waits behind them.
    const small = await costsAt({ depth: 10, workers: 1, history: 70 });
    const large = await costsAt({ depth: 120, workers: 40, history: 140 });
    for (const [name, cost] of Object.entries(large)) {
      const before = small[name]!;
      for (const count of ["documentsRead", "documentsWritten", "functionsScheduled", "indexRanges"] as const)
        expect(cost[count], `${name}: ${count}`).toBeLessThanOrEqual(before[count]);
    }
  });
});

describe("a ready conversation behind the backlog of a blocked one", () => {
  it("is found by the next claim, at the same cost", async () => {
    const size = { depth: 400, workers: 1, history: 0, blocked: true };
    const world = await createBenchWorld(componentModules, size);
    beAlone();
    await setAlarms(world, { reap: true, pass: false });
    const cost = await measure(world, claimBehindBacklog.name, claimBehindBacklog.call);
    expect(charged(cost)).toBeLessThanOrEqual(5);
    expect(cost.staleDocumentsRead).toBeLessThanOrEqual(MAX_STALE);
    expect(cost.documentsWritten).toBeLessThanOrEqual(4);
  });
});

describe("a claim among others", () => {
  it("looks at the first rows on a stale snapshot, and is charged no more than one that is alone", async () => {
    const world = await createBenchWorld(componentModules, { depth: 200, workers: 4, history: 0 });
    await setAlarms(world, { reap: true, pass: false });
    const claim = operations(world).find(({ name }) => name === "claim, one lane")!;
    const cost = await measure(world, claim.name, claim.call);
    expect(charged(cost)).toBeLessThanOrEqual(5);
    expect(cost.documentsWritten).toBeLessThanOrEqual(4);
    expect(cost.staleDocumentsRead).toBeGreaterThan(MAX_STALE);
    expect(cost.staleDocumentsRead).toBeLessThanOrEqual(24 + MAX_STALE);
  });
});
