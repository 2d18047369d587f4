/** Memory that is in no snapshot survives whatever becomes of the machines that hold it, and of the rows that would tell. */
import { describe, expect, it } from "vitest";
import type { CloudFaultInput } from "../../sim/fly/index.js";
import { useFleet, type FleetWorld } from "./fleetWorld.js";

const fleet = useFleet();
const FAST = {
  scaling: { idleTimeoutMs: 3_600_000, reconcileIntervalMs: 5_000 },
  fleet: { bootDeadlineMs: 30_000, drainDeadlineMs: 30_000, stepDeadlineMs: 30_000, orphanGraceMs: 10_000 },
};
const DEAD = { exitCode: 137, signal: "SIGKILL" as const };
const isAnswered = (f: FleetWorld) => async () =>
  f.world.t.run(async (ctx) =>
    (await ctx.db.query("messageQueue").collect()).every(({ status }) => status === "done"),
  );
const kept = (f: FleetWorld) => f.world.t.run((ctx) => ctx.db.query("quarantinedVolumes").collect());

/** One answer that is in no snapshot; the volume that holds it. */
async function remembered(f: FleetWorld): Promise<string> {
  f.patienceMs = 15;
  await f.configure(FAST);
  await f.world.send("c1", "my cat is Felix");
  await f.live(isAnswered(f), 120_000);
  const [volume] = f.fly.volumes();
  if (!volume) throw new Error("the machine has no volume");
  return volume.id;
}
const ids = (f: FleetWorld) => f.fly.volumes().map(({ id }) => id);

/** The machine is gone, its volume kept. */
async function orphaned(f: FleetWorld): Promise<string> {
  const volume = await remembered(f);
  f.launcher.started[0]?.exit(DEAD);
  await f.live(async () => (await kept(f)).length > 0, 300_000, 2_000);
  expect((await kept(f)).map(({ volumeId }) => volumeId)).toEqual([volume]);
  return volume;
}

describe("unsaved memory on a volume", () => {
  it.each<CloudFaultInput>([
    { kind: "dieAtBoot", exitCode: 1, count: 2 },
    { kind: "neverBoot", count: 2 },
    { kind: "launchFailed", count: 2 },
  ])("is mounted again after machines that $kind", async (fault) => {
    const f = fleet();
    const volume = await orphaned(f);
    f.fly.setCloudFaults([fault]);
    await f.world.send("c1", "what is my cat called?");
    expect(await f.live(isAnswered(f), 900_000, 2_000)).toEqual(["what is my cat called?"]);
    expect(ids(f)).toEqual([volume]);
    const [machine] = (await f.machines()).filter(({ live }) => live);
    expect(machine?.volumeId).toBe(volume);
    expect((await kept(f)).map(({ takenBy }) => takenBy)).toEqual([machine?.worker]);
  });

  it("is still the newest after launches that were given up before they mounted it", async () => {
    const f = fleet();
    const volume = await orphaned(f);
    f.fly.setFaults([{ kind: "status", status: 400, method: "POST", path: "*/machines", count: 3 }]);
    await f.world.send("c1", "what is my cat called?");
    await f.live(isAnswered(f), 1_200_000, 2_000);
    expect((await f.machines()).find(({ live }) => live)?.volumeId).toBe(volume);
  });

  it("leaves the quarantine, with its volume, once a machine that mounted it has saved", async () => {
    const f = fleet();
    await orphaned(f);
    await f.world.t.mutation(f.world.lib.setPolicies, { policies: { scaling: { idleTimeoutMs: 20_000 } } });
    await f.world.send("c1", "what is my cat called?");
    await f.live(isAnswered(f), 600_000, 2_000);
    await f.live(() => f.atRest(), 600_000, 2_000);
    expect(await kept(f)).toEqual([]);
  });

  it("is kept although every lease has been forgotten and the provider did not answer meanwhile", async () => {
    const f = fleet();
    const volume = await remembered(f);
    f.launcher.started[0]?.exit(DEAD);
    f.fly.setFaults([{ kind: "status", status: 401 }]);
    await f.pass(300_000, 10_000);
    await f.world.t.run(async (ctx) => {
      for (const { _id } of await ctx.db.query("leases").collect()) await ctx.db.delete(_id);
    });
    await f.pass(26 * 3_600_000, 3_600_000);
    f.fly.setFaults([]);
    await f.live(async () => (await kept(f)).length > 0, 900_000, 5_000);
    expect(ids(f)).toEqual([volume]);
  });

  it("is kept although the provider claims to know nothing of the volume when its machine is gone", async () => {
    const f = fleet();
    const volume = await remembered(f);
    f.launcher.started[0]?.exit(DEAD);
    f.fly.setFaults([{ kind: "status", status: 404, method: "GET", path: "*/volumes/*" }]);
    await f.live(async () => (await f.machines()).every(({ live }) => !live), 300_000, 2_000);
    f.fly.setFaults([]);
    await f.pass(1_200_000, 15_000);
    expect(ids(f)).toEqual([volume]);
  });
});

describe("two attempts at one launch that each made a volume", () => {
  it("leave the machine the one that it mounts, and collect the other", async () => {
    const f = fleet();
    f.patienceMs = 15;
    await f.configure(FAST);
    let hung = false;
    // The first attempt's creation of the volume is answered after the second attempt has begun.
    f.aroundCall = async (make) => {
      const before = f.fly.counts().volumesCreated;
      const answer = await make();
      if (!hung && f.fly.counts().volumesCreated > before) {
        hung = true;
        await new Promise((resolve) => setTimeout(resolve, 40_000));
      }
      return answer;
    };
    await f.world.send("c1", "hello");
    expect(await f.live(isAnswered(f), 300_000, 2_000)).toEqual(["hello"]);
    await f.pass(120_000, 5_000);
    const mounted = f.fly.volumes().filter(({ attachedMachineId }) => attachedMachineId !== null);
    expect(mounted.map(({ id }) => id)).toEqual([(await f.machines()).find(({ live }) => live)?.volumeId]);
  });
});
