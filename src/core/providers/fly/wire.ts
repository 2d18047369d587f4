/**
 * Replies of the Fly Machines API, reduced to the fields that are used. Everything else is dropped here: environment
 * variables above all. Facts from Fly's OpenAPI document and its official Go client.
 */
import { z } from "zod";
import type { MachineExit, MachineState, ObservedMachine, ObservedVolume } from "../provider.js";

const zTime = z
  .string()
  .transform((text) => Date.parse(text))
  .refine((ms) => Number.isFinite(ms), "expected a date");

const zExitEvent = z.object({
  /** Left out when 0. */
  exit_code: z.number().optional(),
  oom_killed: z.boolean().optional(),
  requested_stop: z.boolean().optional(),
  exited_at: zTime.optional().catch(undefined),
});
const zEvent = z.object({
  type: z.string(),
  timestamp: z.number().optional(),
  request: z
    .object({
      exit_event: zExitEvent.nullish(),
      MonitorEvent: z.object({ exit_event: zExitEvent.nullish() }).nullish(),
    })
    .nullish(),
});

export const zMachine = z.object({
  id: z.string().min(1),
  name: z.string(),
  state: z.string().min(1),
  region: z.string(),
  created_at: zTime,
  host_status: z.string().nullish(),
  /** null while the host is unreachable. */
  config: z
    .object({
      image: z.string().nullish(),
      metadata: z.record(z.string(), z.string()).nullish(),
      mounts: z.array(z.object({ volume: z.string() })).nullish(),
    })
    .nullish(),
  /** Newest first. An event of an unknown shape costs only the exit detail. */
  events: z.array(zEvent.nullable().catch(null)).nullish().catch(null),
});
export type WireMachine = z.output<typeof zMachine>;

export const zVolume = z.object({
  id: z.string().min(1),
  name: z.string(),
  region: z.string(),
  state: z.string().min(1),
  size_gb: z.number(),
  created_at: zTime,
  attached_machine_id: z.string().nullish(),
});
export type WireVolume = z.output<typeof zVolume>;

/** Items are parsed one by one: a single unreadable one makes the list incomplete, not useless. */
export const zList = z.array(z.unknown());
export const zAnything = z.unknown();

/** Error bodies: `{"error": "<code>: <text>", "status"?: "<word>"}`, on some routes `{"message": ...}`, or no JSON at all. */
export const zErrorBody = z.object({
  error: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  status: z.string().optional().catch(undefined),
});

const MACHINE_STATES: Readonly<Record<string, MachineState>> = {
  created: "booting",
  creating: "booting",
  starting: "booting",
  restarting: "booting",
  updating: "booting",
  replacing: "booting",
  started: "running",
  stopping: "stopping",
  suspending: "stopping",
  destroying: "stopping",
  stopped: "stopped",
  suspended: "stopped",
  failed: "failed",
  launch_failed: "failed",
  destroyed: "gone",
};

const VOLUME_STATES: Readonly<Record<string, ObservedVolume["state"]>> = {
  creating: "creating",
  created: "ready",
  extending: "ready",
  restoring: "creating",
  hydrating: "ready",
  recovering: "creating",
  scheduling_destroy: "deleting",
  pending_destroy: "deleting",
  destroying: "deleting",
  destroyed: "gone",
};

export function observeMachine(wire: WireMachine): ObservedMachine {
  return {
    id: wire.id,
    name: wire.name,
    state: MACHINE_STATES[wire.state] ?? "unknown",
    providerState: wire.state,
    region: wire.region,
    image: wire.config?.image ?? null,
    createdAt: wire.created_at,
    metadata: wire.config ? (wire.config.metadata ?? {}) : null,
    volumeIds: (wire.config?.mounts ?? []).map(({ volume }) => volume),
    hostReachable: wire.host_status !== "unreachable",
    exit: lastExit(wire),
  };
}

function lastExit(wire: WireMachine): MachineExit | null {
  for (const event of wire.events ?? []) {
    const exit = event?.request?.exit_event ?? event?.request?.MonitorEvent?.exit_event;
    if (!event || !exit) continue;
    return {
      at: exit.exited_at ?? event.timestamp ?? null,
      exitCode: exit.exit_code ?? 0,
      outOfMemory: exit.oom_killed ?? false,
      requestedStop: exit.requested_stop ?? false,
    };
  }
  return null;
}

export function observeVolume(wire: WireVolume): ObservedVolume {
  return {
    id: wire.id,
    name: wire.name,
    region: wire.region,
    createdAt: wire.created_at,
    sizeGb: wire.size_gb,
    state: VOLUME_STATES[wire.state] ?? "unknown",
    providerState: wire.state,
    attachedMachineId: wire.attached_machine_id ? wire.attached_machine_id : null,
  };
}
