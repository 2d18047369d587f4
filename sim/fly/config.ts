/** What the create calls accept. Unknown fields are kept and given back, as Fly does. */
import { z } from "zod";

const duration = z.union([z.string().regex(/^\d+(ms|s|m|h)?$/), z.number()]);

const zConfig = z.looseObject({
  image: z.string().min(1),
  env: z.record(z.string(), z.string()).optional(),
  guest: z
    .looseObject({
      cpu_kind: z.enum(["shared", "performance"]).optional(),
      cpus: z.number().int().min(1).max(16).optional(),
      memory_mb: z
        .number()
        .int()
        .min(256)
        .refine((mb) => mb % 256 === 0, "memory_mb must be a multiple of 256")
        .optional(),
    })
    .optional(),
  mounts: z
    .array(z.looseObject({ volume: z.string(), path: z.string().startsWith("/") }))
    .max(1, "machines can only have one mount")
    .optional(),
  restart: z
    .looseObject({
      policy: z.enum(["no", "on-failure", "always"]).optional(),
      max_retries: z.number().int().nonnegative().optional(),
    })
    .optional(),
  stop_config: z.looseObject({ signal: z.string().optional(), timeout: duration.optional() }).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  auto_destroy: z.boolean().optional(),
});
export type MachineConfig = z.output<typeof zConfig>;

export const zMachineCreate = z.looseObject({
  name: z.string().min(1).max(63).optional(),
  region: z.string().optional(),
  config: zConfig,
});

export const zStop = z.looseObject({
  signal: z.enum(["SIGTERM", "SIGINT", "SIGKILL"]).optional(),
  timeout: duration.optional(),
});

export const zVolumeCreate = z.looseObject({
  name: z
    .string()
    .regex(/^[a-z0-9_]{1,30}$/, "name must be lowercase letters, digits and underscores, up to 30"),
  region: z.string(),
  size_gb: z.number().int().min(1).max(500).default(3),
});

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A Go duration as milliseconds: a string with a unit, or a number (or a string without one) of nanoseconds. */
export function durationMs(value: string | number): number {
  const [, amount = "0", unit] = /^(\d+)(ms|s|m|h)?$/.exec(String(value)) ?? [];
  return unit === undefined ? Number(amount) / 1e6 : Number(amount) * (UNIT_MS[unit] ?? 0);
}
