/** What anybody may ask for, again and again: see `core/fleet/recent.ts`. */
import { describe, expect, it } from "vitest";
import { CONFIG, useFleet } from "./fleetWorld.js";

const fleet = useFleet();

describe("passes by hand, one after the other", () => {
  it("cost one listing, and neither timers nor writes", async () => {
    const { world, fly, configure, pass } = fleet();
    await configure.call(fleet());
    const reconcile = () => world.t.action(world.lib.reconcileWorkers, { providerConfig: CONFIG });
    await reconcile();
    const before = fly.counts().providerCalls;
    const timers = () =>
      world.t.run(async (ctx) => (await ctx.db.system.query("_scheduled_functions").collect()).length);
    const wakes = () => world.t.run(async (ctx) => (await ctx.db.query("fleetWakes").collect()).length);
    const [timersBefore, wakesBefore] = [await timers(), await wakes()];
    for (let n = 0; n < 30; n += 1) {
      expect(await reconcile()).toEqual({ activeWorkers: 0, spawned: 0, terminated: 0 });
      expect(await world.t.action(world.lib.checkIdleShutdowns, {})).toMatchObject({
        checked: 0,
        stopped: 0,
      });
    }
    expect(fly.counts().providerCalls).toBe(before);
    expect([await timers(), await wakes()]).toEqual([timersBefore, wakesBefore]);
    await pass.call(fleet(), 2_000);
    await reconcile();
    expect(fly.counts().providerCalls).toBeGreaterThan(before);
  });

  it("see at once what became ready, and another configuration", async () => {
    const { world, reconcile, configure } = fleet();
    await configure.call(fleet(), { scaling: { maxWorkers: 2 } });
    await world.agent();
    await reconcile();
    await world.send("c1", "hello");
    expect((await reconcile()).spawned).toBe(1);
    expect((await reconcile()).activeWorkers).toBe(1);
    const blank = { ...CONFIG, appName: "" };
    await expect(world.t.action(world.lib.reconcileWorkers, { providerConfig: blank })).rejects.toThrow();
  });

  it("ask a provider that fails no more often, say the same each time, and go on once it answers", async () => {
    const { world, configure, pass, reconcile } = fleet();
    await configure.call(fleet());
    let calls = 0;
    let isDown = true;
    fleet().aroundCall = (make) => {
      calls += 1;
      return isDown ? Promise.resolve(new Response("no", { status: 401 })) : make();
    };
    const refusals: unknown[] = [];
    const ask = () => reconcile().catch((error: unknown) => refusals.push((error as { data: unknown }).data));
    await ask();
    const once = calls;
    expect(once).toBeGreaterThan(0);
    for (let n = 0; n < 30; n += 1) await ask();
    await world.t
      .action(world.lib.checkIdleShutdowns, {})
      .catch((error: unknown) => refusals.push((error as { data: unknown }).data));
    expect(calls).toBe(once);
    expect(refusals).toHaveLength(32);
    const said = refusals.map((data) => data as { code: string; message: string });
    expect(new Set(said.map(({ code, message }) => `${code} ${message}`)).size).toBe(1);
    isDown = false;
    await pass.call(fleet(), 2_000);
    expect(await reconcile()).toEqual({ activeWorkers: 0, spawned: 0, terminated: 0 });
  });
});
