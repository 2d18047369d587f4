/** What may exist without anybody knowing has its place in `scaling.maxWorkers`. */
import { describe, expect, it } from "vitest";
import { defaultPolicies } from "../../src/contract/defaultPolicies.js";
import { internal } from "../../src/component/_generated/api.js";
import { useFleet, type FleetWorld } from "./fleetWorld.js";

const fleet = useFleet();
const ONE = { scaling: { maxWorkers: 1, idleTimeoutMs: 60_000 } };
const MINUTE = 60_000;

const isAnswered = (f: FleetWorld) => async () =>
  f.world.t.run(async (ctx) =>
    (await ctx.db.query("messageQueue").collect()).every(({ status }) => status === "done"),
  );
const codes = async (f: FleetWorld) =>
  (await f.world.t.query(f.world.lib.fleetHealth, {})).findings.map(({ code }) => code);
const reasonOf = async (f: FleetWorld, messageId: string) =>
  (await f.world.t.query(f.world.lib.explainMessage, { messageId }))?.reason;

/** Lives until `done`, and tells the codes of everything that was said to be wrong meanwhile. */
async function saidUntil(f: FleetWorld, done: () => Promise<boolean>, mostMs: number): Promise<Set<string>> {
  const said = new Set<string>();
  const look = async () => {
    for (const code of await codes(f)) said.add(code);
    return await done();
  };
  await f.live(look, mostMs);
  return said;
}

describe("a creation that takes effect long after its caller has given up", () => {
  /** The first request to make a machine is cut off and carried out `lateMs` later; the machine of its repetition dies at boot. */
  async function cutOff(f: FleetWorld, lateMs: number): Promise<{ most: () => number }> {
    f.patienceMs = 10;
    await f.configure(ONE);
    // Volumes cannot be deleted at first: what comes late can still mount its own.
    f.fly.setCloudFaults([
      { kind: "dieAtBoot", count: 1 },
      { kind: "keepVolume", count: 4 },
    ]);
    let isFirst = true;
    let most = 0;
    const counted = async (make: () => Promise<Response>) => {
      const answer = await make();
      most = Math.max(most, f.fly.counts().machinesNow);
      return answer;
    };
    f.aroundCall = async (make, call) => {
      if (call !== "POST workers/machines" || !isFirst) return await counted(make);
      isFirst = false;
      setTimeout(() => void counted(make), lateMs);
      throw new TypeError("fetch failed", { cause: { code: "ECONNRESET" } });
    };
    return { most: () => most };
  }

  it("never makes one too many: nothing is launched, by hand neither, until it has come or cannot come any more", async () => {
    const f = fleet();
    const { most } = await cutOff(f, 90_000);
    const messageId = await f.world.send("c1", "hello");
    await f.live(async () => (await codes(f)).includes("blocked_launch_unsettled"), 2 * MINUTE);
    expect(await reasonOf(f, messageId)).toBe("launch_unsettled");
    await f.pass(3_000);
    expect(await f.reconcile()).toMatchObject({ spawned: 0 });
    expect(f.fly.counts().machinesCreated).toBe(1);
    await f.live(isAnswered(f), 20 * MINUTE);
    // The one that died, the late one, and the one that answered.
    expect(f.fly.counts().machinesCreated).toBe(3);
    expect(most()).toBe(1);
    await f.live(() => f.atRest(), 20 * MINUTE, 5_000);
  });

  it("is waited for no longer than it may come", async () => {
    const f = fleet();
    await cutOff(f, 24 * 60 * MINUTE);
    await f.world.send("c1", "hello");
    await f.live(isAnswered(f), 4 * MINUTE);
    expect(f.fly.counts().machinesCreated).toBe(2);
  });

  it("is not waited for when every request was answered", async () => {
    const f = fleet();
    await cutOff(f, 0);
    f.aroundCall = (make) => make();
    await f.world.send("c1", "hello");
    expect(await saidUntil(f, isAnswered(f), 2 * MINUTE)).not.toContain("blocked_launch_unsettled");
    expect((await f.machines()).map(({ creations, settledAt }) => [creations, settledAt])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });
});

describe("a machine without an owner", () => {
  it("that a list shows is counted before the plan is made", async () => {
    const f = fleet();
    await f.configure(ONE);
    await f.makeMachine("afw-1-forgotten");
    const messageId = await f.world.send("c1", "hello");
    await f.pass(5_000);
    expect(f.fly.counts().machinesNow).toBe(1);
    expect(await reasonOf(f, messageId)).toBe("worker_cap");
  });

  it("is counted until the provider, asked for it, says that it is gone, whatever lists lack it", async () => {
    const f = fleet();
    await f.configure({ ...ONE, fleet: { orphanGraceMs: 20 * MINUTE } });
    await f.makeMachine("afw-1-forgotten");
    await f.reconcile();
    f.fly.setCloudFaults([{ kind: "emptyList", of: "machines" }]);
    await f.world.send("c1", "hello");
    await f.pass(MINUTE);
    expect(f.fly.counts().machinesCreated).toBe(1);
    const [orphan] = f.fly.machines();
    await f.fly.fetch(`https://fly.test/v1/apps/workers/machines/${orphan?.id}?force=true`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${f.fly.token}` },
    });
    await f.pass(MINUTE);
    expect(f.fly.counts().machinesCreated).toBe(2);
  });
});

describe("a worker that calls between a plan and its command", () => {
  it("is not taken for dead", async () => {
    const f = fleet();
    await f.configure(ONE);
    await f.world.send("c1", "hello");
    await f.live(isAnswered(f), 2 * MINUTE);
    const stop = (heardAt: number) =>
      f.world.t.mutation(internal.fleet.steer, {
        command: { kind: "stop", worker: f.workerOf(0), reason: "machine_lost", heardAt },
        fleet: defaultPolicies.fleet,
        schedule: false,
      });
    expect(await stop(Date.now() - 600_000)).toEqual({ stopped: false, terminated: false });
    expect(await stop(Date.now())).toMatchObject({ stopped: true });
  });
});

describe("what a pass learns of a launch", () => {
  it("is known from then on, also when the pass dies before its end", async () => {
    const f = fleet();
    f.patienceMs = 60;
    await f.configure(ONE);
    f.fly.setCloudFaults([{ kind: "noCapacity", of: "machine", count: 1 }]);
    await f.world.send("c1", "hello");
    const isBooting = async () => (await f.machines()).some(({ step }) => step === "booting");
    await f.live(isBooting, 4 * MINUTE);
    const worker = (await f.machines()).find(({ step }) => step === "booting")?.worker ?? "";
    expect(await codes(f)).toContain("provider_failed");
    await f.world.t.mutation(internal.fleet.steer, {
      command: { kind: "booted", worker },
      fleet: defaultPolicies.fleet,
      schedule: false,
    });
    expect(await codes(f)).not.toContain("provider_failed");
  });
});
