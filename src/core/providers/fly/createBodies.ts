/** The bodies of the two create calls. */
import type { MachineSpec, VolumeSpec } from "../provider.js";

/** Fly's cap of `stop_config.timeout`. */
export const MAX_STOP_TIMEOUT_MS = 300_000;

/**
 * Durations are strings: Fly reads a bare number as nanoseconds. No `services` (the proxy would stop idle machines), no
 * `auto_destroy` (it erases the exit event), no platform metadata of flyctl (a deploy would take the machine for its own).
 */
export function machineBody(spec: MachineSpec, region: string) {
  return {
    name: spec.name,
    region,
    config: {
      image: spec.image,
      env: spec.env,
      guest: { cpu_kind: spec.guest.cpuKind, cpus: spec.guest.cpus, memory_mb: spec.guest.memoryMb },
      ...(spec.mount ? { mounts: [{ volume: spec.mount.volumeId, path: spec.mount.path }] } : {}),
      restart: {
        policy: spec.restart.policy,
        ...(spec.restart.maxRetries === undefined ? {} : { max_retries: spec.restart.maxRetries }),
      },
      stop_config: { signal: "SIGTERM", timeout: flyDuration(spec.stopTimeoutMs) },
      metadata: spec.metadata,
    },
  };
}

/** `compute` puts the volume on a host that has room for its machine; zones of their own are for replicas, not for workers. */
export function volumeBody(spec: VolumeSpec, region: string) {
  const { cpuKind, cpus, memoryMb } = spec.guest;
  return {
    name: spec.name,
    region,
    size_gb: spec.sizeGb,
    require_unique_zone: false,
    compute: { cpu_kind: cpuKind, cpus, memory_mb: memoryMb },
  };
}

/** Whole seconds, at least one, at most Fly's cap. */
export function flyDuration(ms: number): string {
  return `${Math.max(1, Math.ceil(Math.min(ms, MAX_STOP_TIMEOUT_MS) / 1000))}s`;
}
