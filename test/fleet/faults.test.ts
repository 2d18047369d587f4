/** Every failure of the provider: no message lost, the cap kept, nothing left behind, the cause said. */
import { describe, expect, it } from "vitest";
import type { CloudFaultInput } from "../../sim/fly/index.js";
import type { FaultRuleInput } from "../../sim/faults/index.js";
import { CONFIG, useFleet, type FleetWorld } from "./fleetWorld.js";

const fleet = useFleet();
const FAST = {
  scaling: { idleTimeoutMs: 8_000, reconcileIntervalMs: 2_000 },
  fleet: { stepDeadlineMs: 30_000, orphanGraceMs: 4_000, bootDeadlineMs: 20_000, drainDeadlineMs: 30_000 },
};
const isDone = (f: FleetWorld) => async () =>
  f.world.t.run(async (ctx) =>
    (await ctx.db.query("messageQueue").collect()).every((m) => m.status === "done"),
  );

async function surviving(
  faults: { connection?: FaultRuleInput[]; cloud?: CloudFaultInput[] },
  expectation: { answered?: string[]; machinesPeak?: number } = {},
) {
  const f = fleet();
  // The adapter's own retries wait for fake time.
  f.patienceMs = 15;
  await f.configure(FAST);
  f.fly.setFaults(faults.connection ?? []);
  f.fly.setCloudFaults(faults.cloud ?? []);
  const messageId = await f.world.send("c1", "hello");
  const reasons: string[] = [];
  const answered = await f.live(async () => {
    if (await isDone(f)()) return true;
    reasons.push((await f.world.t.query(f.world.lib.explainMessage, { messageId })).text);
    return false;
  }, 400_000);
  // Whatever goes wrong, the wait has words.
  expect(reasons.filter((text) => text.trim() === "")).toEqual([]);
  await f.live(() => f.atRest(), 900_000, 2_000);
  expect(answered).toEqual(expectation.answered ?? ["hello"]);
  expect(f.fly.counts().machinesPeak).toBeLessThanOrEqual(expectation.machinesPeak ?? 1);
  return f;
}

describe("the connection to the provider", () => {
  it.each<[string, FaultRuleInput[]]>([
    ["answers 503 now and then", [{ kind: "status", status: 503, probability: 0.3, count: 8 }]],
    ["limits the rate", [{ kind: "status", status: 429, headers: { "retry-after": "1" }, count: 4 }]],
    [
      "loses the reply to the creation of a machine",
      [{ kind: "dropAfter", method: "POST", path: "*/machines", count: 1 }],
    ],
    [
      "loses the reply to the creation of a volume",
      [{ kind: "dropAfter", method: "POST", path: "*/volumes", count: 1 }],
    ],
    [
      "loses the reply to the deletion of a machine",
      [{ kind: "dropAfter", method: "DELETE", path: "*/machines/*", count: 2 }],
    ],
    ["is down for a while", [{ kind: "dropBefore", count: 12 }]],
  ])("%s", async (_name, connection) => {
    await surviving({ connection });
  });
});

describe("the cloud", () => {
  it.each<[string, CloudFaultInput[]]>([
    ["shows an empty list", [{ kind: "emptyList", of: "machines", count: 1 }]],
    ["shows an old list", [{ kind: "staleList", ms: 3_000, count: 4 }]],
    ["has no room for a while", [{ kind: "noCapacity", of: "machine", count: 2 }]],
    ["lets a machine die at boot", [{ kind: "dieAtBoot", exitCode: 1, count: 1 }]],
    ["never boots a machine", [{ kind: "neverBoot", count: 1 }]],
    ["cannot pull the image at first", [{ kind: "launchFailed", count: 1 }]],
    ["will not delete a volume for a while", [{ kind: "keepVolume", count: 6 }]],
  ])("%s", async (_name, cloud) => {
    await surviving({ cloud });
  });

  it("has no room in the first region: the next one takes the machine and its volume", async () => {
    const f = fleet();
    f.patienceMs = 15;
    await f.configure(FAST);
    await f.world.t.mutation(f.world.lib.setProviderRuntimeConfig, {
      providerConfig: { ...CONFIG, regions: ["ams"] },
    });
    f.fly.setCloudFaults([{ kind: "noCapacity", of: "machine", region: "iad" }]);
    await f.world.send("c1", "hello");
    expect(await f.live(isDone(f), 400_000)).toEqual(["hello"]);
    expect(f.fly.machines().filter(({ destroyedAt }) => destroyedAt === null)[0]?.region).toBe("ams");
    await f.live(() => f.atRest(), 900_000, 2_000);
  });
});

describe("a configuration that the provider refuses", () => {
  it.each([
    ["an image that cannot be pulled", { image: "registry.fly.io/worker:gone" }],
    ["a region that does not exist", { region: "xxx" }],
    ["a guest that does not exist", { guest: { cpuKind: "shared" as const, cpus: 3, memoryMb: 100 } }],
  ])("%s: said where the operator looks, and cured by mending it", async (_name, wrong) => {
    const f = fleet();
    // The trouble must have been met by the end of its half minute, also on a busy machine.
    f.patienceMs = 150;
    f.knownImages = [CONFIG.image];
    await f.configure(FAST);
    const { t, lib } = f.world;
    await t.mutation(lib.setProviderRuntimeConfig, { providerConfig: { ...CONFIG, ...wrong } });
    const messageId = await f.world.send("c1", "hello");
    await f.pass(30_000, 1_000);
    expect(f.running()).toHaveLength(0);
    const explained = await t.query(lib.explainMessage, { messageId });
    expect(explained.text).toContain("Fly API");
    const { findings } = await t.query(lib.fleetHealth, {});
    expect(findings.map(({ text }) => text).join()).toContain("Fly API");
    f.patienceMs = 15;
    await t.mutation(lib.setProviderRuntimeConfig, { providerConfig: CONFIG });
    expect(await f.live(isDone(f), 700_000, 2_000)).toEqual(["hello"]);
    await f.live(() => f.atRest(), 900_000, 2_000);
  });
});

describe("what is not ours", () => {
  it("is left alone: another deployment's machines and volumes in the same app", async () => {
    const f = fleet();
    const post = (path: string, body: unknown) =>
      f.fly.fetch(`https://fly.test/v1/apps/workers${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${f.fly.token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    await post("/machines", {
      name: "afw-1-other",
      region: "iad",
      config: { image: "x", metadata: { agent_factory_deployment: "https://other.convex.cloud|" } },
    });
    await post("/volumes", { name: "data_other", region: "iad", size_gb: 1 });
    await f.configure(FAST);
    await f.world.send("c1", "hello");
    expect(await f.live(isDone(f), 100_000)).toEqual(["hello"]);
    await f.live(async () => (await f.machines()).every(({ live }) => !live), 300_000, 2_000);
    await f.pass(120_000, 5_000);
    expect(
      f.fly
        .machines()
        .filter(({ destroyedAt }) => destroyedAt === null)
        .map(({ name }) => name),
    ).toEqual(["afw-1-other"]);
    expect(f.fly.volumes().map(({ name }) => name)).toEqual(["data_other"]);
  });

  it("and what is ours without a row is collected after two listings", async () => {
    const f = fleet();
    await f.configure(FAST);
    await f.makeMachine("afw-1-forgotten");
    await f.reconcile();
    await f.pass(2_000);
    expect(f.fly.counts().machinesNow).toBe(1);
    await f.pass(12_000);
    expect(f.fly.counts().machinesNow).toBe(0);
  });
});
