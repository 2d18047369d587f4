import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type * as alarmsFile from "../../src/core/queue/handledAlarms.js";
import type * as enqueueFile from "../../src/core/queue/enqueue.js";
import type * as leaseFile from "../../src/core/queue/lease.js";
import type * as modelFile from "../../src/core/queue/model.js";
import { createWorld } from "../component/world.js";
import { Violation } from "./invariants.js";
import { seeded } from "./random.js";
import { simulate, type Tally } from "./simulate.js";

/** More schedules for a longer search: `SIMULATION_SEEDS=500 npx vitest run test/simulation`. */
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 8);
const STEPS = 100;

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.resetModules();
});

async function run(seed: number): Promise<Tally> {
  const random = seeded(seed);
  const luck = seeded(seed + 1_000_000);
  vi.spyOn(Math, "random").mockImplementation(() => luck.next());
  return await simulate(createWorld(), random, STEPS);
}

describe("random schedules", () => {
  it(
    "keep every invariant, and every accepted message ends once",
    async () => {
      const total: Partial<Tally> = {};
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const tally = await run(seed).catch((error: unknown) => {
          throw new Error(`seed ${seed}: ${String(error)}`);
        });
        for (const [name, count] of Object.entries(tally) as [keyof Tally, number][])
          total[name] = (total[name] ?? 0) + count;
      }
      // A schedule in which nothing goes wrong proves nothing.
      for (const [name, count] of Object.entries(total)) expect(count, name).toBeGreaterThan(0);
    },
    SEEDS * 15_000,
  );
});

const MODEL = "../../src/core/queue/model.js";
const LEASE = "../../src/core/queue/lease.js";
const ENQUEUE = "../../src/core/queue/enqueue.js";
const ALARMS = "../../src/core/queue/handledAlarms.js";
type ModelFile = typeof modelFile;
type LeaseFile = typeof leaseFile;
type EnqueueFile = typeof enqueueFile;
type AlarmsFile = typeof alarmsFile;

/** Faults that the checker must find; each replaces one exported function of the queue. */
const MUTANTS: { name: string; plant: () => void; rule: RegExp }[] = [
  {
    name: "an expiry or failure is not counted as an attempt",
    plant: () =>
      vi.doMock(MODEL, async (load) => {
        const real = await load<ModelFile>();
        const backOff: ModelFile["backOff"] = (ctx, row, why) =>
          real.backOff(ctx, { ...row, attempts: row.attempts - 1 }, why);
        return { ...real, backOff };
      }),
    rule: /attempts counted/,
  },
  {
    name: "a message that ends forgets the next one",
    plant: () =>
      vi.doMock(MODEL, async (load) => {
        const real = await load<ModelFile>();
        const endHead: ModelFile["endHead"] = async (ctx, row, end) => {
          await real.endHead(ctx, row, end);
          await ctx.db.patch(row._id, { state: "idle", head: undefined });
        };
        return { ...real, endHead };
      }),
    rule: /idle if and only if/,
  },
  {
    name: "leases are not compared",
    plant: () =>
      vi.doMock(LEASE, async (load) => {
        const real = await load<LeaseFile>();
        const findHold: LeaseFile["findHold"] = async (ctx, claim) => {
          const parsed = real.parseLease(ctx, claim.leaseId);
          const conversation = parsed && (await ctx.db.get(parsed.conversation));
          if (!conversation?.head || !conversation.lease) return { kind: "foreign" };
          return { kind: "held", conversation, lease: conversation.lease, message: conversation.head };
        };
        return { ...real, findHold };
      }),
    rule: /is (refused|accepted)/,
  },
  {
    name: "keys are not looked up",
    plant: () =>
      vi.doMock(ENQUEUE, async (load) => {
        const real = await load<EnqueueFile>();
        const handler: EnqueueFile["enqueue"]["handler"] = (ctx, args) =>
          real.enqueueMessage(ctx, { ...args, idempotencyKey: undefined });
        return { ...real, enqueue: { ...real.enqueue, handler } };
      }),
    rule: /same key/,
  },
  {
    name: "the reaper sets no next alarm",
    plant: () =>
      vi.doMock(ALARMS, async (load) => ({
        ...(await load<AlarmsFile>()),
        setReapAlarmUnlessSet: () => Promise.resolve(),
      })),
    rule: /nothing to repair|every accepted message ends/,
  },
];

describe("the checker finds a planted fault", () => {
  for (const { name, plant, rule } of MUTANTS) {
    it(name, async () => {
      vi.resetModules();
      plant();
      const found: string[] = [];
      for (let seed = 1; seed <= 10 && found.length === 0; seed += 1) {
        await run(seed).catch((error: unknown) => {
          if (!(error instanceof Violation)) throw error;
          found.push(error.message);
        });
      }
      for (const file of [MODEL, LEASE, ENQUEUE, ALARMS]) vi.doUnmock(file);
      expect(found[0]).toMatch(rule);
    });
  }
});
