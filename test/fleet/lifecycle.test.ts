import { describe, expect, it } from "vitest";
import { CONFIG, useFleet, type FleetWorld } from "./fleetWorld.js";

const fleet = useFleet();
const queued = (f: FleetWorld) => f.world.t.run((ctx) => ctx.db.query("messageQueue").collect());

describe("a message brings a machine up", () => {
  it("and an idle one is drained, saved and removed without a trace", async () => {
    const f = fleet();
    await f.configure({ scaling: { idleTimeoutMs: 60_000 } });
    await f.world.send("c1", "hello");
    await f.pass(3_000);
    expect(f.running()).toHaveLength(1);
    const env: Record<string, string> = f.launcher.started[0]?.job.env ?? {};
    expect(env).toMatchObject({
      OPENCLAW_CONVERSATION_ID: "c1",
      OPENCLAW_AGENT_KEY: "default",
      BASE_INTERNAL_URL: "https://happy-animal-123.convex.site/agent-factory",
      WORKSPACE_ID: "default",
    });
    expect(env.CONVEX_URL).toMatch(/^https:\/\/happy-animal-123\.convex\.site\/agent-factory\/w\/[\w-]{43}$/);
    expect(await f.answer(f.workerOf(0))).toBe("hello");
    await f.pass(30_000);
    await f.poll();
    expect((await f.machines())[0]?.step).toBe("running");
    await f.pass(45_000);
    expect((await f.workers())[0]?.status).toBe("draining");
    await f.saveAndExit(0);
    await f.pass(30_000);
    expect((await f.workers())[0]?.status).toBe("stopped");
    expect((await f.machines())[0]).toMatchObject({ live: false, step: "stopped" });
    expect(f.fly.counts()).toMatchObject({ machinesNow: 0, volumesNow: 0, machinesPeak: 1 });
  });

  it("and asks the provider nothing more when nothing is left to do", async () => {
    const f = fleet();
    await f.configure({ scaling: { idleTimeoutMs: 10_000 } });
    await f.world.send("c1", "hello");
    await f.pass(3_000);
    await f.answer(f.workerOf(0));
    await f.pass(30_000);
    await f.saveAndExit(0);
    await f.pass(60_000);
    const before = f.fly.counts().providerCalls;
    await f.pass(1_800_000, 60_000);
    await f.sweep();
    await f.pass(60_000);
    // One look for what an action that was given up may have made late: its machines and its volumes.
    expect(f.fly.counts().providerCalls - before).toBe(2);
  });

  it("one per conversation up to the cap, and never more", async () => {
    const f = fleet();
    await f.configure({ scaling: { maxWorkers: 2, spawnStep: 5 } });
    for (let n = 0; n < 6; n += 1) await f.world.send(`c${n}`, "hello");
    await Promise.all([1, 2, 3, 4, 5].map(() => f.reconcile()));
    await f.pass(20_000);
    expect(f.fly.counts().machinesPeak).toBe(2);
    expect((await f.machines()).filter(({ live }) => live)).toHaveLength(2);
  });

  /** One machine is all there may be; it holds `c1` when `c2` comes. */
  async function another(fields: Record<string, unknown>, instance?: string): Promise<FleetWorld> {
    const f = fleet();
    f.instance = instance;
    await f.configure({ scaling: { maxWorkers: 1 } });
    await f.world.agent("theirs", { workspace: "acme" });
    await f.world.send("c1", "first");
    await f.pass(3_000);
    expect(await f.answer(f.workerOf(0))).toBe("first");
    await f.world.send("c2", "second", fields);
    await f.pass(40_000);
    return f;
  }

  it("changes the conversation in place when all capacity is bound and others wait", async () => {
    const f = await another({}, "process");
    const control = () => f.world.t.query(f.world.lib.getWorkerControlState, { workerId: f.workerOf(0) });
    expect(await control()).toEqual({ shouldStop: false, release: true });
    await f.saveAndRelease(0);
    expect(await f.answer(f.workerOf(0))).toBe("second");
    expect(await control()).toEqual({ shouldStop: false });
    expect(f.fly.counts().machinesCreated).toBe(1);
    await f.world.send("c1", "third");
    expect(
      await f.live(async () => (await queued(f)).every(({ status }) => status === "done"), 240_000),
    ).toEqual(["third"]);
    expect(f.fly.counts().machinesCreated).toBe(1);
  });

  it.each([
    ["another tenant", { agentKey: "theirs" }, "process"],
    ["the next one of its own where its image knows no request", {}, undefined],
  ])("makes place for %s with a machine of its own", async (_name, fields, instance) => {
    const f = await another(fields, instance);
    expect((await f.workers())[0]?.status).toBe("draining");
    await f.saveAndExit(0);
    await f.pass(30_000);
    expect(f.running()).toHaveLength(1);
    expect(await f.answer(f.workerOf(1))).toBe("second");
    expect(f.fly.counts().machinesPeak).toBe(1);
  });
});

describe("memory", () => {
  it("that was not saved is kept on its volume, and comes back with the conversation's next machine", async () => {
    const f = fleet();
    await f.configure({});
    await f.world.send("c1", "hello");
    await f.pass(3_000);
    await f.answer(f.workerOf(0));
    const [volume] = f.fly.volumes();
    f.launcher.started[0]?.exit({ exitCode: 137 });
    await f.pass(90_000);
    expect((await f.machines())[0]).toMatchObject({ live: false });
    expect(f.fly.volumes().map(({ name }) => name)).toEqual([volume?.name]);
    await f.world.send("c1", "again");
    await f.pass(5_000);
    expect(f.running()).toHaveLength(1);
    expect(f.fly.counts().volumesCreated).toBe(1);
    expect(await f.answer(f.workerOf(1))).toBe("again");
  });

  it("that was saved leaves no volume behind", async () => {
    const f = fleet();
    await f.configure({ scaling: { idleTimeoutMs: 10_000 } });
    await f.world.send("c1", "hello");
    await f.pass(3_000);
    await f.answer(f.workerOf(0));
    await f.pass(30_000);
    await f.saveAndExit(0);
    await f.pass(30_000);
    expect(f.fly.counts().volumesNow).toBe(0);
  });
});

describe("what cannot work says so", () => {
  it("and works once the cause is gone", async () => {
    const f = fleet();
    const { t, lib } = f.world;
    await t.mutation(lib.setProviderRuntimeConfig, { providerConfig: CONFIG });
    await f.world.send("c1", "hello");
    await f.pass(3_000);
    const state = () => t.run((ctx) => ctx.db.query("fleetState").first());
    expect((await state())?.problem?.message).toBe(
      "Missing Fly API token. Import an active 'fly.apiToken' secret or pass flyApiToken explicitly.",
    );
    await expect(f.reconcile()).rejects.toThrow("Missing Fly API token");
    await f.configure({});
    await f.pass(70_000);
    expect(f.running()).toHaveLength(1);
  });
});
