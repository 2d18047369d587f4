/** A pass costs what its machines cost: not what waits, and not what ever was. */
import { describe, expect, it } from "vitest";
import { internal } from "../../src/component/_generated/api.js";
import { useFleet, type FleetWorld } from "./fleetWorld.js";
import { seedEnded, seedReady, seedWorkers } from "./seedFleet.js";

const fleet = useFleet();
const CHUNK = 250;

async function seeded(f: FleetWorld, machines: number, ready: number): Promise<void> {
  const now = Date.now();
  for (let from = 0; from < machines; from += CHUNK)
    await f.world.t.run((ctx) => seedWorkers(ctx, from, Math.min(machines, from + CHUNK), now));
  for (let from = 0; from < ready; from += CHUNK)
    await f.world.t.run((ctx) => seedReady(ctx, from, Math.min(ready, from + CHUNK), now));
}

/** Documents that a pass looks at before it decides. */
const documentsRead = (f: FleetWorld): Promise<number> =>
  f.world.t.query(async (ctx) => {
    await ctx.runQuery(internal.fleet.observe, { now: Date.now(), workspace: null, random: 0, listedAt: 0 });
    return (await ctx.meta.getTransactionMetrics()).documentsRead.used;
  });

/** One pass, which has no reason to ask the provider. Returns how many machines there are then. */
async function onePass(f: FleetWorld): Promise<number> {
  const now = Date.now();
  await f.world.t.run(async (ctx) => {
    if (!(await ctx.db.query("fleetState").first()))
      await ctx.db.insert("fleetState", { lastListedAt: now, lastVolumesListedAt: now });
  });
  await f.world.t.action(internal.cloud.runPass, { startedAt: now });
  return (await f.machines()).length;
}

describe("a pass", () => {
  it("over 1 000 workers and 5 000 ready conversations stays within the limits of a transaction", async () => {
    const f = fleet();
    await f.configure({ scaling: { maxWorkers: 1_000, spawnStep: 10 } });
    await seeded(f, 990, 5_000);
    expect(await onePass(f)).toBe(1_000);
    expect(await onePass(f)).toBe(1_000);
  }, 60_000);

  it("reads what its machines and launches cost, whatever waits and whatever ever was", async () => {
    const f = fleet();
    await f.configure({ scaling: { maxWorkers: 30, spawnStep: 2 } });
    await seeded(f, 10, 20);
    const few = await documentsRead(f);
    const now = Date.now();
    await f.world.t.run((ctx) => seedReady(ctx, 20, 420, now));
    await f.world.t.run((ctx) => seedEnded(ctx, 300, now));
    expect(await documentsRead(f)).toBe(few);
    await f.world.t.run((ctx) => seedWorkers(ctx, 10, 20, now));
    const perMachine = ((await documentsRead(f)) - few) / 10;
    expect(perMachine).toBeLessThanOrEqual(8);
  });

  it("follows a thousand enqueues at most twice", async () => {
    const f = fleet();
    await f.configure({ scaling: { maxWorkers: 1 } });
    for (let n = 0; n < 1_000; n += 1) await f.world.send(`c${n % 50}`, `message ${n}`);
    const passes = async () =>
      (await f.world.t.run((ctx) => ctx.db.system.query("_scheduled_functions").collect())).filter(
        ({ name, state }) => name === "cloud:runPass" && state.kind !== "pending",
      ).length;
    await f.pass(3_000);
    expect(await passes()).toBeLessThanOrEqual(2);
    expect(await passes()).toBeGreaterThan(0);
  }, 60_000);
});
