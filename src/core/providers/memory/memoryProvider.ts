/**
 * A provider without a cloud: for tests of a host app (`providerConfig.kind: "memory"`), and the proof that a provider is
 * one folder. Machines are records that run at once and do no work; they live as long as the process.
 */
import { flyAdapter } from "../fly/flyAdapter.js";
import type {
  Adapter,
  MachineProvider,
  MachineSpec,
  ObservedMachine,
  ObservedVolume,
  VolumeSpec,
  MachineState,
} from "../provider.js";
import { ProviderError, type ProviderErrorKind } from "../providerError.js";
import type { memory } from "./config.js";

/** Its settings are Fly's, as its configuration is. */
export const memoryAdapter: Adapter<typeof memory.fields> = {
  ...flyAdapter,
  connect: ({ appName }) => createMemoryProvider(appName),
};

export function createMemoryProvider(appName: string): MachineProvider {
  const cloud = memoryCloud(appName);
  return {
    listMachines: () =>
      cloud.run("listMachines", "", () => ({ machines: living(cloud).map(observed), complete: true })),
    getMachine: (id) =>
      cloud.run("getMachine", id, () => {
        const machine = cloud.machines.get(id);
        return machine ? observed(machine) : null;
      }),
    createMachine: (spec) =>
      cloud.run("createMachine", spec.name, () => ({ ...observed(create(cloud, spec)), unsettled: false })),
    cordon: (id) => cloud.run("cordon", id, () => undefined),
    stop: (id) =>
      cloud.run("stop", id, () => {
        const state = cloud.machines.get(id)?.state;
        if (state !== "running" && state !== "booting") return;
        const exit = { at: Date.now(), exitCode: 0, outOfMemory: false, requestedStop: true };
        cloud.setState(id, "stopped", exit);
      }),
    destroy: (id) =>
      cloud.run("destroy", id, () => {
        if (cloud.machines.has(id)) cloud.setState(id, "gone");
      }),
    listVolumes: () =>
      cloud.run("listVolumes", "", () => ({
        volumes: [...cloud.volumes.values()].map((volume) => ({ ...volume })),
        complete: true,
      })),
    getVolume: (id) =>
      cloud.run("getVolume", id, () => {
        const volume = cloud.volumes.get(id);
        return volume ? { ...volume } : null;
      }),
    createVolume: (spec) => cloud.run("createVolume", spec.name, () => ({ ...createOrReuse(cloud, spec) })),
    deleteVolume: (id) =>
      cloud.run("deleteVolume", id, () => {
        const holder = cloud.volumes.get(id)?.attachedMachineId;
        if (holder) throw refusal("conflict", `volume is currently bound to machine: ${holder}`, true);
        cloud.volumes.delete(id);
      }),
  };
}

const living = (cloud: MemoryCloud) => [...cloud.machines.values()].filter(({ state }) => state !== "gone");

function observed(machine: MemoryMachine): ObservedMachine {
  const { env: _env, ...rest } = machine;
  return { ...rest, metadata: { ...rest.metadata }, volumeIds: [...rest.volumeIds] };
}

function create(cloud: MemoryCloud, spec: MachineSpec): MemoryMachine {
  const region = spec.regions[0];
  if (region === undefined) throw refusal("invalid", "no region was given", false);
  const existing = living(cloud).find(({ name }) => name === spec.name);
  if (existing) {
    const ours = Object.entries(spec.metadata).every(([key, value]) => existing.metadata[key] === value);
    if (!ours) throw refusal("conflict", `the name ${spec.name} belongs to another owner`, false);
    return existing;
  }
  const volume = spec.mount ? mountable(cloud, spec.mount.volumeId, region) : null;
  const id = cloud.nextId("mem");
  const machine: MemoryMachine = {
    id,
    name: spec.name,
    state: "running",
    providerState: "running",
    region,
    image: spec.image,
    createdAt: Date.now(),
    metadata: { ...spec.metadata },
    volumeIds: volume ? [volume.id] : [],
    hostReachable: true,
    exit: null,
    env: { ...spec.env },
  };
  cloud.machines.set(id, machine);
  if (volume) volume.attachedMachineId = id;
  return machine;
}

function mountable(cloud: MemoryCloud, volumeId: string, region: string): ObservedVolume {
  const volume = cloud.volumes.get(volumeId);
  if (!volume) throw refusal("invalid", `there is no volume ${volumeId}`, false);
  if (volume.region !== region) throw refusal("invalid", `volume ${volumeId} is in ${volume.region}`, false);
  if (volume.attachedMachineId) {
    throw refusal("conflict", `volume already claimed by machine ${volume.attachedMachineId}`, true);
  }
  return volume;
}

function createOrReuse(cloud: MemoryCloud, spec: VolumeSpec): ObservedVolume {
  const region = spec.regions[0];
  if (region === undefined) throw refusal("invalid", "no region was given", false);
  const existing = [...cloud.volumes.values()].find(
    (volume) => volume.name === spec.name && spec.regions.includes(volume.region),
  );
  if (existing) return existing;
  const volume: ObservedVolume = {
    id: cloud.nextId("vol_mem"),
    name: spec.name,
    region,
    createdAt: Date.now(),
    sizeGb: spec.sizeGb,
    state: "ready",
    providerState: "ready",
    attachedMachineId: null,
  };
  cloud.volumes.set(volume.id, volume);
  return volume;
}

function refusal(kind: ProviderErrorKind, what: string, retryable: boolean): ProviderError {
  return new ProviderError({ kind, message: `Memory provider: ${what}`, retryable, outcomeUnknown: false });
}

export interface MemoryMachine extends ObservedMachine {
  metadata: Record<string, string>;
  env: Record<string, string>;
}

export type MemoryOperation = keyof MachineProvider;

interface PlannedFailure {
  operation: MemoryOperation;
  error: Error;
  when: "before" | "after";
}

export class MemoryCloud {
  readonly machines = new Map<string, MemoryMachine>();
  readonly volumes = new Map<string, ObservedVolume>();
  /** Operations in order, for tests that count provider calls. */
  readonly calls: { operation: MemoryOperation; target: string }[] = [];
  private readonly failures: PlannedFailure[] = [];
  private issued = 0;

  /** A fresh id; ids are never used twice. */
  nextId(prefix: string): string {
    this.issued += 1;
    return `${prefix}${this.issued.toString(16).padStart(8, "0")}`;
  }

  /** The next such operation fails: before it acts, or after it acted (a lost reply). */
  failNext(operation: MemoryOperation, error: Error, when: "before" | "after" = "before"): void {
    this.failures.push({ operation, error, when });
  }

  /** Runs an operation with what was planned for it. */
  async run<Result>(operation: MemoryOperation, target: string, act: () => Result): Promise<Result> {
    this.calls.push({ operation, target });
    const planned = this.failures.findIndex((failure) => failure.operation === operation);
    const failure = planned < 0 ? undefined : this.failures.splice(planned, 1)[0];
    if (failure?.when === "before") throw failure.error;
    const result = act();
    if (failure) throw failure.error;
    return result;
  }

  /**
   * What happens to a machine by itself: it boots, dies, is lost.
   * @throws Error for an unknown id.
   */
  setState(id: string, state: MachineState, exit: ObservedMachine["exit"] = null): void {
    const machine = this.machines.get(id);
    if (!machine) throw new Error(`there is no machine ${id}`);
    machine.state = state;
    machine.providerState = state;
    if (exit) machine.exit = exit;
    if (state === "gone") this.release(id);
  }

  /** Frees the volumes of a machine that no longer exists. */
  private release(machineId: string): void {
    for (const volume of this.volumes.values()) {
      if (volume.attachedMachineId === machineId) volume.attachedMachineId = null;
    }
  }

  /** Forgets everything, counters and planned failures included. */
  reset(): void {
    this.machines.clear();
    this.volumes.clear();
    this.calls.length = 0;
    this.failures.length = 0;
  }
}

const clouds = new Map<string, MemoryCloud>();

/** The cloud of an app name: one per process, made when first asked for. */
export function memoryCloud(appName: string): MemoryCloud {
  const cloud = clouds.get(appName) ?? new MemoryCloud();
  clouds.set(appName, cloud);
  return cloud;
}
