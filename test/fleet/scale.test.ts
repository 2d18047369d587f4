/** A pass costs what its machines cost: not what waits, and not what ever was. */
import { describe, expect, it } from "vitest";
import { internal } from "../../src/component/_generated/api.js";
import { CONFIG, useFleet, type FleetWorld } from "./fleetWorld.js";
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

class RolledBack extends Error {}

/** Documents that a pass would read; nothing of it stays. */
async function documentsRead(f: FleetWorld): Promise<number> {
  let read = 0;
  try {
    await f.world.t.mutation(async (ctx) => {
      await ctx.runMutation(internal.fleet.applyPlan, {
        config: CONFIG,
        listing: null,
        volumes: null,
        launch: true,
        workspace: null,
        schedule: false,
      });
      read = (await ctx.meta.getTransactionMetrics()).documentsRead.used;
      throw new RolledBack();
    });
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
  }
  return read;
}

/** One pass. */
const onePass = (f: FleetWorld) =>
  f.world.t.mutation(internal.fleet.applyPlan, {
    config: CONFIG,
    listing: null,
    volumes: null,
    launch: true,
    workspace: null,
    schedule: false,
  });

describe("a pass", () => {
  it("over 1 000 workers and 5 000 ready conversations stays within the limits of a transaction", async () => {
    const f = fleet();
    await f.configure({ scaling: { maxWorkers: 1_000, spawnStep: 10 } });
    await seeded(f, 990, 5_000);
    const done = await onePass(f);
    expect(done).toMatchObject({ checked: 990, spawned: 10 });
    expect(await onePass(f)).toMatchObject({ checked: 1_000, spawned: 0 });
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
