/** The Fly adapter against the simulator's limits and failures, on a clock that only moves when somebody waits. */
import { afterEach, describe, expect, it } from "vitest";
import { createFlyProvider } from "../../src/core/providers/fly/flyAdapter.js";
import { isVolumeGone } from "../../src/core/providers/provider.js";
import { createFlySimulator, type FlySimulator, type FlySimulatorOptions } from "../../sim/fly/index.js";
import { failureOf, specOf } from "./conformance.js";

const open: FlySimulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

/** Virtual time: timers run in order when a sleep passes them. */
class SteppedClock {
  private at = Date.UTC(2030, 0, 1);
  private timers: { at: number; act: () => void }[] = [];

  now = () => this.at;

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.at + ms, act };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  sleep = async (ms: number): Promise<void> => {
    const until = this.at + ms;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.at = Math.max(this.at, next.at);
      next.act();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.at = Math.max(this.at, until);
  };
}

function start(options: FlySimulatorOptions = {}) {
  const clock = new SteppedClock();
  const fly = createFlySimulator({ apps: ["workers"], clock, bootMs: 1_000, ...options });
  open.push(fly);
  const provider = createFlyProvider("workers", fly.token, {
    fetch: (url, init) => fly.fetch(url, init),
    sleep: clock.sleep,
    now: clock.now,
    random: () => 0,
  });
  return { fly, provider, clock };
}

describe("rate limits", () => {
  it("paces itself: a dozen machines without a single 429", async () => {
    const { fly, provider, clock } = start();
    const from = clock.now();
    for (let index = 0; index < 12; index += 1) await provider.createMachine(specOf(`afw-${index}`));
    expect(fly.calls().map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200));
    expect(clock.now() - from).toBeGreaterThan(8_000);
    expect(fly.counts()).toMatchObject({ machinesNow: 12, machinesPeak: 12, providerCalls: 12 });
  });

  it("gets through a limit that somebody else used up", async () => {
    const { fly, provider } = start();
    const rival = { headers: { authorization: `Bearer ${fly.token}` } };
    const url = "http://fly.sim/v1/apps/workers/machines";
    const statuses: number[] = [];
    for (let index = 0; index < 4; index += 1) statuses.push((await fly.fetch(url, rival)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await provider.listMachines()).complete).toBe(true);
  });
});

describe("capacity", () => {
  it("tries the regions in order", async () => {
    const { provider } = start({ cloudFaults: [{ kind: "noCapacity", region: "iad" }] });
    const machine = await provider.createMachine(specOf("afw-1", { regions: ["iad", "fra", "ams"] }));
    expect(machine.region).toBe("fra");
    const guest = specOf("x").guest;
    const volume = await provider.createVolume({ name: "data_1", regions: ["iad", "ams"], sizeGb: 1, guest });
    expect(volume.region).toBe("ams");
  });

  it("says so when none has room, and a machine with a volume stays where the volume is", async () => {
    const { fly, provider } = start({ cloudFaults: [{ kind: "noCapacity", of: "machine" }] });
    const error = await failureOf(provider.createMachine(specOf("afw-1", { regions: ["iad", "fra"] })));
    expect(error).toMatchObject({ kind: "capacity", status: 422, outcomeUnknown: false });
    const guest = specOf("x").guest;
    const { id } = await provider.createVolume({ name: "data_1", regions: ["iad"], sizeGb: 1, guest });
    const before = fly.counts().providerCalls;
    const mounted = specOf("afw-2", { regions: ["iad", "fra"], mount: { volumeId: id, path: "/data" } });
    expect(await failureOf(provider.createMachine(mounted))).toMatchObject({ kind: "capacity" });
    expect(fly.counts().providerCalls - before).toBe(1);
    expect(fly.counts().machinesNow).toBe(0);
  });
});

describe("what a list may say", () => {
  it("wrongly empty: the machine itself still answers", async () => {
    const { provider } = start({ cloudFaults: [{ kind: "emptyList", of: "machines", count: 1 }] });
    const { id } = await provider.createMachine(specOf("afw-1"));
    expect((await provider.listMachines()).machines).toEqual([]);
    expect(await provider.getMachine(id)).toMatchObject({ id, state: "booting" });
    expect((await provider.listMachines()).machines).toHaveLength(1);
  });

  it("stale: what is new is missing and what is gone is shown", async () => {
    const { fly, provider, clock } = start();
    const { id } = await provider.createMachine(specOf("afw-1"));
    await clock.sleep(5_000);
    fly.setCloudFaults([{ kind: "staleList", ms: 4_500 }]);
    expect((await provider.listMachines()).machines).toMatchObject([{ id, state: "booting" }]);
    await provider.destroy(id);
    await clock.sleep(1_000);
    expect((await provider.listMachines()).machines).toMatchObject([{ id, state: "running" }]);
    expect(await provider.getMachine(id)).toMatchObject({ state: "gone" });
  });

  it("host unreachable: the machine exists, nothing is known of it, and a destroy takes until the host is back", async () => {
    const { fly, provider, clock } = start();
    const { id } = await provider.createMachine(specOf("afw-1"));
    await clock.sleep(2_000);
    fly.setCloudFaults([{ kind: "hostUnreachable", name: "afw-*" }]);
    const [machine] = (await provider.listMachines()).machines;
    expect(machine).toMatchObject({ id, hostReachable: false, metadata: null, state: "running" });
    expect(await failureOf(provider.stop(id, { timeoutMs: 1_000 }))).toMatchObject({ status: 503 });
    await provider.destroy(id);
    await clock.sleep(60_000);
    expect(await provider.getMachine(id)).toMatchObject({ providerState: "destroying", state: "stopping" });
    fly.setCloudFaults([]);
    await clock.sleep(1_000);
    expect(await provider.getMachine(id)).toMatchObject({ state: "gone" });
  });
});

describe("machines that do not live", () => {
  it("never boots", async () => {
    const { provider, clock } = start({ cloudFaults: [{ kind: "neverBoot" }] });
    const { id } = await provider.createMachine(specOf("afw-1"));
    await clock.sleep(3_600_000);
    expect(await provider.getMachine(id)).toMatchObject({ state: "booting", providerState: "created" });
  });

  it("cannot be launched after all", async () => {
    const { provider, clock } = start({ cloudFaults: [{ kind: "launchFailed" }] });
    const { id } = await provider.createMachine(specOf("afw-1"));
    await clock.sleep(2_000);
    expect(await provider.getMachine(id)).toMatchObject({ state: "failed", providerState: "launch_failed" });
  });

  it("dies at boot, out of memory, once per allowed retry", async () => {
    const fault = { kind: "dieAtBoot" as const, exitCode: 137, outOfMemory: true };
    const { fly, provider, clock } = start({ cloudFaults: [fault] });
    const restart = { policy: "on-failure" as const, maxRetries: 2 };
    const { id } = await provider.createMachine(specOf("afw-1", { restart }));
    await clock.sleep(30_000);
    const machine = await provider.getMachine(id);
    expect(machine).toMatchObject({
      state: "stopped",
      exit: { exitCode: 137, outOfMemory: true, requestedStop: false },
    });
    expect(machine?.exit?.at).toBeGreaterThan(0);
    expect(fly.machines()[0]?.exitCodes).toEqual([137, 137, 137]);
  });

  it("a refused image or region or guest is invalid, at once and for good", async () => {
    const { PretendLauncher } = await import("../../sim/fly/index.js");
    const { fly, provider } = start({ launcher: new PretendLauncher({ images: ["workers:1"] }) });
    const image = await failureOf(provider.createMachine(specOf("afw-1", { image: "workers:2" })));
    expect(image).toMatchObject({ kind: "invalid", retryable: false });
    expect(image.message).toContain("MANIFEST_UNKNOWN");
    const known = { image: "workers:1" };
    for (const fields of [{ regions: ["xxx"] }, { guest: { ...specOf("x").guest, memoryMb: 300 } }]) {
      const error = await failureOf(provider.createMachine(specOf("afw-1", { ...known, ...fields })));
      expect(error).toMatchObject({ kind: "invalid", retryable: false });
    }
    expect(fly.counts().machinesCreated).toBe(0);
  });
});

it("a volume that will not delete is a conflict until it does", async () => {
  const { provider } = start({ cloudFaults: [{ kind: "keepVolume", name: "data_*", count: 2 }] });
  const guest = specOf("x").guest;
  const { id } = await provider.createVolume({ name: "data_1", regions: ["iad"], sizeGb: 1, guest });
  for (let refused = 0; refused < 2; refused += 1) {
    expect(await failureOf(provider.deleteVolume(id))).toMatchObject({ kind: "conflict", retryable: true });
  }
  await provider.deleteVolume(id);
  expect(await provider.getVolume(id)).toBeNull();
});

it("a volume that is deleted softly is gone for us, and its name makes a new one", async () => {
  const { fly, provider } = start({ cloudFaults: [{ kind: "softDelete" }] });
  const spec = { name: "data_1", regions: ["iad"], sizeGb: 1, guest: specOf("x").guest };
  const { id } = await provider.createVolume(spec);
  expect(isVolumeGone(await provider.getVolume(id))).toBe(false);
  await provider.deleteVolume(id);
  await provider.deleteVolume(id);
  const left = await provider.getVolume(id);
  expect(left).toMatchObject({ state: "deleting", providerState: "pending_destroy" });
  expect(isVolumeGone(left)).toBe(true);
  expect((await provider.createVolume(spec)).id).not.toBe(id);
  expect(fly.counts()).toMatchObject({ volumesNow: 1, volumesCreated: 2 });
});
