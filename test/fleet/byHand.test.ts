/** What passes by hand count is what they did. */
import { describe, expect, it } from "vitest";
import { useFleet } from "./fleetWorld.js";

const fleet = useFleet();
const scaling = (fields: object = {}) => ({
  maxWorkers: 10,
  queuePerWorkerTarget: 1,
  spawnStep: 1,
  idleTimeoutMs: 30_000,
  reconcileIntervalMs: 5_000,
  ...fields,
});
/** So seldom that no pass of its own comes between. */
const RARELY = 24 * 3_600_000;

describe("reconcileWorkers", () => {
  it.each([1, 3, 8])("with a step of %i spawns so many of those that wait", async (spawnStep) => {
    const f = fleet();
    await f.configure({ scaling: { spawnStep: 1, maxWorkers: 1, reconcileIntervalMs: RARELY } });
    for (let n = 0; n < 6; n += 1) await f.world.send(`c${n}`, "hello");
    await f.pass(5_000, 1_000);
    expect(f.running()).toHaveLength(1);
    const reconcile = () =>
      f.world.t.action(f.world.lib.reconcileWorkers, { scalingPolicy: scaling({ spawnStep }) });
    const spawned = Math.min(spawnStep, 5);
    expect(await reconcile()).toEqual({ activeWorkers: 1 + spawned, spawned, terminated: 0 });
    expect((await reconcile()).spawned).toBe(Math.min(spawnStep, 5 - spawned));
    expect((await f.machines()).filter(({ live }) => live)).toHaveLength(1 + Math.min(2 * spawnStep, 5));
  });

  it.each([
    ["maxWorkers", NaN],
    ["maxWorkers", Infinity],
    ["spawnStep", 0],
    ["idleTimeoutMs", -1],
    ["reconcileIntervalMs", NaN],
  ])("refuses a policy whose %s is %d, and does nothing", async (name, value) => {
    const f = fleet();
    await f.configure();
    const pass = f.world.t.action(f.world.lib.reconcileWorkers, {
      scalingPolicy: scaling({ [name]: value }),
    });
    await expect(pass).rejects.toThrow("invalid_policy");
    expect(f.fly.counts().providerCalls).toBe(0);
  });
});

describe("checkIdleShutdowns", () => {
  it("counts a machine as stopped in the pass that orders it, once, whether or not it had memory to save", async () => {
    for (const stateful of [true, false]) {
      const f = stateful ? fleet() : await fleet.next();
      await f.configure({ scaling: scaling({ reconcileIntervalMs: RARELY }), fleet: { stateful } });
      await f.world.send("c1", "hello");
      await f.pass(5_000, 1_000);
      const job = await f.world.t.mutation(f.world.lib.claim, { workerId: f.workerOf(0), stateful });
      await f.world.complete(f.workerOf(0), job!);
      const check = () => f.world.t.action(f.world.lib.checkIdleShutdowns, {});
      expect(await check()).toMatchObject({ checked: 1, stopped: 0, pending: 0 });
      await f.pass(40_000, 1_000);
      const drained = await check();
      if (stateful) {
        expect(drained).toEqual({ checked: 1, stopped: 0, pending: 1, nextCheckScheduled: true });
        const { t, lib } = f.world;
        const [worker] = await f.workers();
        await t.run((ctx) => ctx.db.patch(worker!._id, { status: "stopping" }));
        await f.pass(2_000, 2_000);
        expect(await t.action(lib.checkIdleShutdowns, {})).toMatchObject({
          checked: 1,
          stopped: 1,
          pending: 1,
        });
      } else expect(drained).toMatchObject({ checked: 1, stopped: 1, pending: 1 });
      await f.pass(2_000, 2_000);
      expect(await check()).toMatchObject({ stopped: 0 });
      await f.pass(60_000, 5_000);
      expect(await check()).toEqual({ checked: 0, stopped: 0, pending: 0, nextCheckScheduled: false });
      expect(f.fly.counts().machinesNow).toBe(0);
    }
  });
});
