import type { SimMachine } from "./machine.js";

/**
 * The environment inside a machine: its own, plus Fly's variables. A process of ours cannot mount a volume, so values
 * that are the mount path or lie below it are moved to the volume's directory.
 */
export function machineEnv(machine: SimMachine, mounts: Record<string, string>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(machine.config.env ?? {})) env[key] = relocate(value, mounts);
  return {
    ...env,
    FLY_APP_NAME: machine.app,
    FLY_MACHINE_ID: machine.id,
    FLY_MACHINE_VERSION: machine.instanceId,
    FLY_REGION: machine.region,
    FLY_IMAGE_REF: machine.config.image,
    FLY_VM_MEMORY_MB: String(machine.config.guest?.memory_mb ?? 256),
  };
}

function relocate(value: string, mounts: Record<string, string>): string {
  for (const [mountPath, directory] of Object.entries(mounts)) {
    if (value === mountPath || value.startsWith(`${mountPath}/`)) {
      return directory + value.slice(mountPath.length);
    }
  }
  return value;
}
