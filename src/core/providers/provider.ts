/**
 * What the fleet needs of a cloud. The comments here are the contract; `test/providers/conformance.ts` holds every
 * provider to it. A provider is one folder beside this file (`README.md`).
 *
 * Rules for all operations
 * - They are asked one at a time per machine by the caller; a provider keeps below its cloud's rate limits itself.
 * - Everything rejects with a {@link ProviderError} and with nothing else.
 * - Asking is not having: `stop`, `destroy` and `deleteVolume` resolve when the cloud took the order. That something is
 *   gone is known only from `getMachine` / `getVolume` (see {@link isGone}), never from an error's text or from a list.
 * - Repeating any operation is safe. An order about a machine or volume that the cloud does not have resolves.
 */
import type { ObjectType, PropertyValidators } from "convex/values";

/** Where a machine is in its life, the same words for every cloud. */
export type MachineState =
  /** Accepted, not running yet (image pull, start, restart). */
  | "booting"
  /** The machine runs. Whether the worker in it is ready is known only from the worker itself. */
  | "running"
  /** On its way to `stopped` or `gone`. */
  | "stopping"
  /** Does not run, still exists and costs storage. */
  | "stopped"
  /** Could not start, or gave up; still exists. */
  | "failed"
  /** Destroyed. Lists do not show it; `getMachine` may for a while. */
  | "gone"
  /** A word that this version does not know: take it as changing, decide nothing. */
  | "unknown";

/** How the main process of a machine last ended. */
export interface MachineExit {
  /** Epoch ms; null when the cloud does not say. */
  at: number | null;
  /** 0 for a clean end, 137 for SIGKILL. */
  exitCode: number;
  outOfMemory: boolean;
  /** False: nobody asked for it. */
  requestedStop: boolean;
}

export interface ObservedMachine {
  id: string;
  /** Unique among the living machines of the app. For our machines the worker id. */
  name: string;
  state: MachineState;
  /** The cloud's own word. */
  providerState: string;
  region: string;
  /** The image as it was asked for; null when the cloud does not say at present. */
  image: string | null;
  /** Epoch ms. */
  createdAt: number;
  /** null: not known at present (host unreachable). Never read null as "not ours". */
  metadata: Record<string, string> | null;
  /** Volumes mounted; empty as well while the host is unreachable. */
  volumeIds: string[];
  /** False: the machine cannot be acted upon now and its details are missing; it still exists. */
  hostReachable: boolean;
  exit: MachineExit | null;
}

interface CreatedMachine extends ObservedMachine {
  /**
   * An earlier request of the same call was not answered and was repeated. It may still take effect: not while a machine has the name,
   * but once that is gone.
   */
  unsettled: boolean;
}

interface Guest {
  cpuKind: "shared" | "performance";
  cpus: number;
  /** A multiple of 256. */
  memoryMb: number;
}

/** What the fleet needs of a configuration, whatever its kind calls it. */
export interface MachineSettings {
  /** Where at the cloud the machines are; a change leaves those that are there where they are. */
  appName: string;
  image: string;
  /** Tried in order while there is no capacity; at least one. */
  regions: string[];
  guest: Guest;
  /** The disk of a machine with memory; null: this cloud has none, so its workers keep their memory in snapshots alone. */
  volume: { prefix: string; path: string; sizeGb: number } | null;
  /** Settings of the worker and its engine that are no secrets. */
  env: Record<string, string>;
}

/** What a provider's folder gives the fleet's actions; what all else knows of it is its `config.ts`. */
export interface Adapter<Fields extends PropertyValidators> {
  /** Between SIGTERM and SIGKILL this cloud waits no longer, ms. */
  maxStopTimeoutMs: number;
  settings(config: ObjectType<Fields>): MachineSettings;
  /** @param at.appName where the machine is, or shall be; not always the configured one. `token`: the cloud's credential. */
  connect(
    at: { appName: string; token: string; config: ObjectType<Fields> },
    options: ProviderOptions,
  ): MachineProvider;
}

export interface MachineSpec {
  /** The idempotency key of `createMachine`: the worker id. */
  name: string;
  /** Tried in order while a region has no capacity. With a `mount` only the volume's region can work. */
  regions: string[];
  image: string;
  /** Visible to everybody with read access to the app. */
  env: Record<string, string>;
  guest: Guest;
  /** At most one volume, and it must be free. */
  mount?: { volumeId: string; path: string };
  /** Who owns the machine. A machine of this name whose metadata differ is never adopted. */
  metadata: Record<string, string>;
  /** Between SIGTERM and SIGKILL; must hold the final upload. At most the adapter's `maxStopTimeoutMs`. */
  stopTimeoutMs: number;
  restart: { policy: "no" | "on-failure" | "always"; maxRetries?: number };
}

export interface ObservedVolume {
  id: string;
  /** Not unique. */
  name: string;
  region: string;
  /** Epoch ms. */
  createdAt: number;
  sizeGb: number;
  /** `deleting` covers soft deletion: no longer billed, not usable. */
  state: "creating" | "ready" | "deleting" | "gone" | "unknown";
  /** The cloud's own word. */
  providerState: string;
  /** null when free. May name a destroyed machine for a while. */
  attachedMachineId: string | null;
}

export interface VolumeSpec {
  /** The idempotency key of `createVolume`, see `src/policy/fleet/volumeName.ts`. */
  name: string;
  /** Tried in order while a region has no capacity. */
  regions: string[];
  sizeGb: number;
  /** The machine that will mount it, so that the volume lies on a host with room for it. */
  guest: Guest;
}

export interface MachineProvider {
  /**
   * The living machines of the app, other owners' included. `complete` false: some could not be read. Even a complete
   * list may be seconds old or wrongly empty: confirm by `getMachine`, and by a second list later, before acting on an absence.
   */
  listMachines(): Promise<{ machines: ObservedMachine[]; complete: boolean }>;
  /**
   * null: the cloud confirms that it has no such machine (and does have the app).
   * @throws ProviderError `not_found` when the app itself is missing: nothing is known about the machine then.
   */
  getMachine(id: string): Promise<ObservedMachine | null>;
  /**
   * Creates and starts a machine, or adopts the one that already has `spec.name` and every entry of `spec.metadata`. After
   * an error with `outcomeUnknown` (that of any request of the call) call again with the same name: never with another one.
   * @throws ProviderError `conflict`: the name belongs to a machine with other metadata, or the volume is still claimed;
   * `capacity`: no region had room.
   */
  createMachine(spec: MachineSpec): Promise<CreatedMachine>;
  /** Takes the machine out of request routing, where the cloud has such a thing. */
  cordon(id: string): Promise<void>;
  /** SIGTERM now, SIGKILL after `timeoutMs`. Returns at once. */
  stop(id: string, options: { timeoutMs: number }): Promise<void>;
  /** Removes the machine in whatever state it is; its volumes stay. */
  destroy(id: string): Promise<void>;
  /** `complete` as in `listMachines`. Volumes that are being deleted may be shown. */
  listVolumes(): Promise<{ volumes: ObservedVolume[]; complete: boolean }>;
  /** null: the cloud confirms that it has no such volume (and does have the app). See {@link isVolumeGone}. */
  getVolume(id: string): Promise<ObservedVolume | null>;
  /**
   * Creates a volume, or returns the usable one of the same name in one of the regions. After `outcomeUnknown` call again
   * with the same name after a listing delay (seconds): volume names are not unique, so a call too early can make a second one.
   */
  createVolume(spec: VolumeSpec): Promise<ObservedVolume>;
  /** @throws ProviderError `conflict` while a machine still holds it: try again later. */
  deleteVolume(id: string): Promise<void>;
}

/** True when a machine as returned by `getMachine` no longer exists. */
export function isGone(
  machine: ObservedMachine | null,
): machine is null | (ObservedMachine & { state: "gone" }) {
  return machine === null || machine.state === "gone";
}

/** True when a volume as returned by `getVolume` no longer exists or is on its way out for good: not billed, not usable. */
export function isVolumeGone(volume: ObservedVolume | null): boolean {
  return volume === null || volume.state === "deleting" || volume.state === "gone";
}

/** What a provider takes from its surroundings. Every field has a default; tests pass their own. */
export interface ProviderOptions {
  /** Base URL of the cloud's API without a trailing slash; default the cloud's own. */
  baseUrl?: string;
  /** Default the global `fetch` at the time of the call. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Waits between attempts and for pacing; default `setTimeout`. */
  sleep?: (ms: number) => Promise<void>;
  /** Epoch ms; default `Date.now`. */
  now?: () => number;
  /** In [0, 1), spreads retries; default `Math.random`. */
  random?: () => number;
  /** How long one request may take. Default 15 000. */
  requestTimeoutMs?: number;
  /** Sends nothing from this time on, epoch ms: somebody else may be at it by then. Default never. */
  until?: number;
}
