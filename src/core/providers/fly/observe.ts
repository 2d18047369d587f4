/** From Fly's words to the provider contract's. */
import type { MachineExit, MachineState, ObservedMachine, ObservedVolume } from "../provider.js";
import type { WireMachine, WireVolume } from "./wire.js";

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
