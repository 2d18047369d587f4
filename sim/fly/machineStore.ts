/** The machines of the simulated cloud: which exist, and who may have which name. Their lives are in `machineLife.ts`. */
import type { z } from "zod";
import type { SimClock } from "./clock.js";
import type { CloudFaults } from "./cloudFaults.js";
import { type zMachineCreate } from "./config.js";
import type { Ids } from "./ids.js";
import type { Launcher } from "./launcher.js";
import { remember, shownAt, wireMachine, type SimMachine, type WireMachine } from "./machine.js";
import type { MachineLife } from "./machineLife.js";
import { Refusal } from "./refusal.js";
import type { VolumeStore } from "./volumeStore.js";

const NO_CAPACITY = "insufficient_capacity: could not find a candidate host with enough capacity";

export class MachineStore {
  readonly machines = new Map<string, SimMachine>();
  created = 0;
  peak = 0;

  constructor(
    private readonly parts: {
      clock: SimClock;
      faults: CloudFaults;
      ids: Ids;
      launcher: Launcher;
      volumes: VolumeStore;
      life: MachineLife;
    },
    private readonly options: { regions: string[]; tombstoneMs: number },
  ) {}

  /** Machines that exist, in order of creation. */
  living(): SimMachine[] {
    return [...this.machines.values()].filter(({ state }) => state !== "destroyed");
  }

  create(app: string, body: z.output<typeof zMachineCreate>): SimMachine {
    const { clock, faults, ids, launcher, volumes, life } = this.parts;
    const name = body.name ?? `machine-${this.created + 1}`;
    const region = body.region ?? this.options.regions[0] ?? "iad";
    const { config } = body;
    const taken = this.living().find((machine) => machine.app === app && machine.name === name);
    if (taken) {
      const text = `already_exists: unique machine name violation, machine ID ${taken.id} already exists with name "${name}"`;
      throw new Refusal(409, text);
    }
    if (!this.options.regions.includes(region)) {
      throw new Refusal(400, `invalid_argument: region ${region} not found`);
    }
    if (!launcher.knows(config.image)) {
      throw new Refusal(400, `invalid_argument: failed to get manifest ${config.image}: MANIFEST_UNKNOWN`);
    }
    if (faults.take("noCapacity", { of: "machine", region })) {
      throw new Refusal(422, NO_CAPACITY, "insufficient_capacity");
    }
    const id = ids.machine();
    for (const { volume } of config.mounts ?? []) volumes.claim(app, volume, { id, region });
    const at = clock.now();
    const machine: SimMachine = {
      id,
      app,
      name,
      region,
      config,
      instanceId: ids.instance(),
      createdAt: at,
      state: "created",
      updatedAt: at,
      destroyedAt: null,
      cordoned: false,
      events: [],
      exitCodes: [],
      restarts: 0,
      stopRequested: false,
      process: null,
      lastOutput: "",
      cancelDue: () => undefined,
      history: [],
    };
    this.machines.set(id, machine);
    this.created += 1;
    this.peak = Math.max(this.peak, this.living().length);
    life.launch(machine);
    return machine;
  }

  /** A machine as GET finds it: destroyed ones too, for a while. */
  of(app: string, id: string): SimMachine {
    const machine = this.machines.get(id);
    if (machine?.app !== app) throw new Refusal(404, "machine not found");
    const { destroyedAt } = machine;
    if (destroyedAt !== null && this.parts.clock.now() >= destroyedAt + this.options.tombstoneMs) {
      throw new Refusal(404, "machine not found");
    }
    return machine;
  }

  reachable(machine: SimMachine): boolean {
    return !this.parts.faults.take("hostUnreachable", { name: machine.name });
  }

  wire(machine: SimMachine): WireMachine {
    return wireMachine(machine, this.reachable(machine));
  }

  list(app: string): WireMachine[] {
    if (this.parts.faults.take("emptyList", { of: "machines" })) return [];
    const stale = this.parts.faults.take("staleList");
    const machines = [...this.machines.values()].filter((machine) => machine.app === app);
    if (stale) {
      const at = this.parts.clock.now() - stale.ms;
      return machines.map((machine) => shownAt(machine, at)).filter((wire) => wire !== null);
    }
    return machines.filter(({ state }) => state !== "destroyed").map((machine) => this.wire(machine));
  }

  cordon(machine: SimMachine): void {
    machine.cordoned = true;
    remember(machine, this.parts.clock.now());
  }
}
