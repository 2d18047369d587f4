/** The volumes of the simulated cloud, each a directory. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { z } from "zod";
import type { SimClock, Timers } from "./clock.js";
import type { CloudFaults } from "./cloudFaults.js";
import type { zVolumeCreate } from "./config.js";
import type { Ids } from "./ids.js";
import { Refusal } from "./refusal.js";

export interface SimVolume {
  readonly id: string;
  readonly app: string;
  readonly name: string;
  readonly region: string;
  readonly sizeGb: number;
  readonly createdAt: number;
  attachedMachineId: string | null;
  /** `pending_destroy`: deleted, still listed, not billed, not usable. */
  state: "created" | "pending_destroy";
}

export class VolumeStore {
  readonly volumes = new Map<string, SimVolume>();
  created = 0;
  private root: string | undefined;
  private readonly temporary: boolean;

  constructor(
    private readonly parts: { clock: SimClock; timers: Timers; faults: CloudFaults; ids: Ids },
    private readonly options: {
      regions: string[];
      dataDir?: string;
      claimReleaseMs: number;
      /** False: volumes are records only. */
      usesDisk: boolean;
    },
  ) {
    this.root = options.dataDir;
    this.temporary = options.dataDir === undefined;
  }

  create(app: string, body: z.output<typeof zVolumeCreate>): SimVolume {
    const { name, region, size_gb: sizeGb } = body;
    if (!this.options.regions.includes(region)) {
      throw new Refusal(400, `invalid_argument: region ${region} not found`);
    }
    if (this.parts.faults.take("noCapacity", { of: "volume", region })) {
      throw new Refusal(
        422,
        "insufficient_capacity: could not find a candidate host",
        "insufficient_capacity",
      );
    }
    const createdAt = this.parts.clock.now();
    const id = this.parts.ids.volume();
    const volume: SimVolume = {
      id,
      app,
      name,
      region,
      sizeGb,
      createdAt,
      attachedMachineId: null,
      state: "created",
    };
    this.volumes.set(id, volume);
    const directory = this.directory(id);
    if (directory !== null) mkdirSync(directory, { recursive: true });
    this.created += 1;
    return volume;
  }

  of(app: string, id: string): SimVolume {
    const volume = this.volumes.get(id);
    if (volume?.app !== app) throw new Refusal(404, "volume not found");
    return volume;
  }

  /** Volumes that cost money. */
  living(): SimVolume[] {
    return [...this.volumes.values()].filter(({ state }) => state === "created");
  }

  /** Takes a volume for a machine. */
  claim(app: string, id: string, machine: { id: string; region: string }): void {
    const volume = this.volumes.get(id);
    if (volume?.app !== app || volume.state !== "created") {
      throw new Refusal(400, `invalid_argument: volume ${id} not found`);
    }
    if (volume.region !== machine.region) {
      throw new Refusal(400, `invalid_argument: volume ${id} is in region ${volume.region}`);
    }
    if (volume.attachedMachineId !== null) {
      throw new Refusal(
        412,
        `failed_precondition: volume already claimed by machine ${volume.attachedMachineId}`,
      );
    }
    volume.attachedMachineId = machine.id;
  }

  /** The claim of a destroyed machine lingers. */
  releaseLater(machineId: string): void {
    for (const volume of this.volumes.values()) {
      if (volume.attachedMachineId !== machineId) continue;
      this.parts.timers.after(this.options.claimReleaseMs, () => {
        if (volume.attachedMachineId === machineId) volume.attachedMachineId = null;
      });
    }
  }

  delete(app: string, id: string): SimVolume {
    const volume = this.of(app, id);
    const holder = volume.attachedMachineId;
    if (holder !== null || this.parts.faults.take("keepVolume", { name: volume.name })) {
      const by = holder ?? "00000000000000";
      throw new Refusal(412, `failed_precondition: volume is currently bound to machine: ${by}`);
    }
    if (this.parts.faults.take("softDelete", { name: volume.name })) volume.state = "pending_destroy";
    else this.volumes.delete(id);
    const directory = this.directory(id);
    if (directory !== null) rmSync(directory, { recursive: true, force: true });
    return volume;
  }

  /** The directory behind a volume; null where machines are not processes. */
  directory(id: string): string | null {
    if (!this.options.usesDisk) return null;
    this.root ??= mkdtempSync(path.join(tmpdir(), "sim-fly-"));
    return path.join(this.root, id);
  }

  close(): void {
    if (this.temporary && this.root !== undefined) rmSync(this.root, { recursive: true, force: true });
  }
}

export function wireVolume(volume: SimVolume) {
  return {
    id: volume.id,
    name: volume.name,
    state: volume.state,
    size_gb: volume.sizeGb,
    region: volume.region,
    zone: "0001",
    encrypted: true,
    attached_machine_id: volume.attachedMachineId,
    attached_alloc_id: null,
    created_at: new Date(volume.createdAt).toISOString(),
    auto_backup_enabled: true,
    snapshot_retention: 5,
  };
}
