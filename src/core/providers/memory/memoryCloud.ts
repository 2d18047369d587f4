/** The cloud behind the in-memory provider: machines and volumes of one app, with switches for tests. */
import type { MachineState, ObservedMachine, ObservedVolume } from "../provider.js";

export interface MemoryMachine extends ObservedMachine {
  metadata: Record<string, string>;
  env: Record<string, string>;
}

export type MemoryOperation =
  | "listMachines"
  | "getMachine"
  | "createMachine"
  | "cordon"
  | "stop"
  | "destroy"
  | "listVolumes"
  | "getVolume"
  | "createVolume"
  | "deleteVolume";

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
  const existing = clouds.get(appName);
  if (existing) return existing;
  const cloud = new MemoryCloud();
  clouds.set(appName, cloud);
  return cloud;
}
