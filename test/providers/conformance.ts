/** The contract of `src/core/providers/provider.ts` as tests. Every provider passes all of them. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  isGone,
  type MachineProvider,
  type MachineSpec,
  type ObservedMachine,
} from "../../src/core/providers/provider.js";
import { ProviderError, type ProviderErrorKind } from "../../src/core/providers/providerError.js";

/** One provider with an empty cloud of its own. */
export interface ProviderBench {
  provider: MachineProvider;
  /** The next call fails after it was carried out: its reply is lost and the provider does not repeat it by itself. */
  loseNextReply(operation: "createMachine" | "createVolume" | "destroy"): void;
  /** A machine of somebody else in the same app. */
  foreignMachine(name: string): Promise<ObservedMachine>;
  close(): Promise<void>;
}

export const specOf = (name: string, fields: Partial<MachineSpec> = {}): MachineSpec => ({
  name,
  regions: ["iad"],
  image: "registry.fly.io/workers:1",
  env: { WORKER_ID: name },
  guest: { cpuKind: "shared", cpus: 1, memoryMb: 512 },
  metadata: { af_deployment: "d1", af_worker: name },
  stopTimeoutMs: 5_000,
  restart: { policy: "no" },
  ...fields,
});

const volumeOf = (name: string, regions = ["iad"]) => ({
  name,
  regions,
  sizeGb: 1,
  guest: specOf("x").guest,
});

/** The error of a call that must fail, and its kind. */
export async function failureOf(call: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await call.then(
    () => new Error("the call succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw error;
  return error;
}

async function expectKind(call: Promise<unknown>, kind: ProviderErrorKind): Promise<ProviderError> {
  const error = await failureOf(call);
  expect(error.kind).toBe(kind);
  return error;
}

/** Asks again until the answer is right: orders are accepted before they are done. */
async function eventually(check: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + 5_000;
  while (!(await check())) {
    if (performance.now() > until) throw new Error("it did not come true");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function describeProvider(name: string, open: () => Promise<ProviderBench>): void {
  describe(`${name} provider`, () => {
    let bench: ProviderBench;
    let provider: MachineProvider;
    beforeEach(async () => {
      bench = await open();
      ({ provider } = bench);
    });
    afterEach(() => bench.close());

    const becomes = (id: string, state: ObservedMachine["state"]) =>
      eventually(async () => (await provider.getMachine(id))?.state === state);
    const vanishes = (id: string) => eventually(async () => isGone(await provider.getMachine(id)));

    it("begins with nothing", async () => {
      expect(await provider.listMachines()).toEqual({ machines: [], complete: true });
      expect(await provider.listVolumes()).toEqual({ volumes: [], complete: true });
    });

    it("creates a machine that boots, runs, and is described by what was asked for", async () => {
      const created = await provider.createMachine(specOf("afw-1"));
      expect(created).toMatchObject({
        name: "afw-1",
        region: "iad",
        image: "registry.fly.io/workers:1",
        metadata: { af_deployment: "d1", af_worker: "afw-1" },
        volumeIds: [],
        hostReachable: true,
        exit: null,
      });
      expect(["booting", "running"]).toContain(created.state);
      expect(Math.abs(created.createdAt - Date.now())).toBeLessThan(10_000);
      await becomes(created.id, "running");
      const { machines, complete } = await provider.listMachines();
      expect({ ids: machines.map(({ id }) => id), complete }).toEqual({ ids: [created.id], complete: true });
    });

    it("creates a name once, however often it is asked", async () => {
      const first = await provider.createMachine(specOf("afw-1"));
      const second = await provider.createMachine(specOf("afw-1"));
      expect(second.id).toBe(first.id);
      expect((await provider.listMachines()).machines).toHaveLength(1);
    });

    it("finds the machine again whose reply was lost", async () => {
      bench.loseNextReply("createMachine");
      const lost = await failureOf(provider.createMachine(specOf("afw-1")));
      expect(lost).toMatchObject({ outcomeUnknown: true, retryable: true });
      const adopted = await provider.createMachine(specOf("afw-1"));
      expect((await provider.listMachines()).machines.map(({ id }) => id)).toEqual([adopted.id]);
    });

    it("does not adopt a machine of another owner", async () => {
      const foreign = await bench.foreignMachine("afw-1");
      const error = await expectKind(provider.createMachine(specOf("afw-1")), "conflict");
      expect(error).toMatchObject({ retryable: false, outcomeUnknown: false });
      expect((await provider.listMachines()).machines.map(({ id }) => id)).toEqual([foreign.id]);
    });

    it("refuses a machine or volume without a region", async () => {
      await expectKind(provider.createMachine(specOf("afw-1", { regions: [] })), "invalid");
      await expectKind(provider.createVolume(volumeOf("data_1", [])), "invalid");
    });

    it("stops a machine and keeps it and its exit", async () => {
      const { id } = await provider.createMachine(specOf("afw-1"));
      await becomes(id, "running");
      await provider.cordon(id);
      await provider.stop(id, { timeoutMs: 5_000 });
      await becomes(id, "stopped");
      const stopped = await provider.getMachine(id);
      expect(stopped?.exit).toMatchObject({ exitCode: 0, requestedStop: true, outOfMemory: false });
      expect((await provider.listMachines()).machines.map(({ state }) => state)).toEqual(["stopped"]);
      await provider.stop(id, { timeoutMs: 5_000 });
    });

    it("destroys a running machine, repeatedly, and frees its name", async () => {
      const { id } = await provider.createMachine(specOf("afw-1"));
      await becomes(id, "running");
      await provider.destroy(id);
      await vanishes(id);
      await provider.destroy(id);
      expect((await provider.listMachines()).machines).toEqual([]);
      const next = await provider.createMachine(specOf("afw-1"));
      expect(next.id).not.toBe(id);
    });

    it("destroys although the reply was lost", async () => {
      const { id } = await provider.createMachine(specOf("afw-1"));
      bench.loseNextReply("destroy");
      expect(await failureOf(provider.destroy(id))).toMatchObject({ outcomeUnknown: true });
      await provider.destroy(id);
      await vanishes(id);
    });

    it("takes orders about what does not exist, and says that it does not", async () => {
      expect(await provider.getMachine("00000000000000")).toBeNull();
      expect(await provider.getVolume("vol_0000000000000000")).toBeNull();
      await provider.cordon("00000000000000");
      await provider.stop("00000000000000", { timeoutMs: 1_000 });
      await provider.destroy("00000000000000");
      await provider.deleteVolume("vol_0000000000000000");
    });

    it("creates a volume once by name, and keeps it while a machine holds it", async () => {
      const volume = await provider.createVolume(volumeOf("data_1"));
      expect(volume).toMatchObject({ name: "data_1", region: "iad", sizeGb: 1, attachedMachineId: null });
      expect((await provider.createVolume(volumeOf("data_1"))).id).toBe(volume.id);

      const mount = { volumeId: volume.id, path: "/data" };
      const { id } = await provider.createMachine(specOf("afw-1", { mount }));
      expect((await provider.getMachine(id))?.volumeIds).toEqual([volume.id]);
      expect((await provider.getVolume(volume.id))?.attachedMachineId).toBe(id);
      expect((await provider.createVolume(volumeOf("data_1"))).id).toBe(volume.id);
      expect(await expectKind(provider.deleteVolume(volume.id), "conflict")).toMatchObject({
        retryable: true,
      });
      const rival = provider.createMachine(specOf("afw-2", { mount }));
      expect(await expectKind(rival, "conflict")).toMatchObject({ retryable: true });

      await provider.destroy(id);
      await vanishes(id);
      expect((await provider.listVolumes()).volumes.map((left) => left.id)).toEqual([volume.id]);
      await eventually(async () => (await provider.getVolume(volume.id))?.attachedMachineId === null);
      await provider.deleteVolume(volume.id);
      expect(await provider.getVolume(volume.id)).toBeNull();
      await provider.deleteVolume(volume.id);
    });

    it("finds the volume again whose reply was lost", async () => {
      bench.loseNextReply("createVolume");
      expect(await failureOf(provider.createVolume(volumeOf("data_1")))).toMatchObject({
        outcomeUnknown: true,
      });
      const volume = await provider.createVolume(volumeOf("data_1"));
      expect((await provider.listVolumes()).volumes.map(({ id }) => id)).toEqual([volume.id]);
    });

    it("refuses a mount of a volume that does not exist or lies elsewhere", async () => {
      const nowhere = { volumeId: "vol_0000000000000000", path: "/data" };
      await expectKind(provider.createMachine(specOf("afw-1", { mount: nowhere })), "invalid");
      const { id } = await provider.createVolume(volumeOf("data_1", ["fra"]));
      const elsewhere = specOf("afw-1", { mount: { volumeId: id, path: "/data" } });
      await expectKind(provider.createMachine(elsewhere), "invalid");
      expect((await provider.listMachines()).machines).toEqual([]);
    });
  });
}
