/** Reads the TOML that a `fly.toml` like ours needs, and its schema. Anything else in the file is an error. */
import { z } from "zod";

type Table = Record<string, unknown>;

/** Tables, arrays of tables, strings, whole numbers and booleans. Throws for a line that it does not know. */
export function readToml(text: string): Table {
  const root: Table = {};
  let table = root;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [, many] = /^\[\[([\w.]+)\]\]$/.exec(line) ?? [];
    const [, one] = /^\[([\w.]+)\]$/.exec(line) ?? [];
    const [, key, value] = /^(\w+) = (".*"|\d+|true|false)$/.exec(line) ?? [];
    if (many !== undefined) {
      const list = (root[many] ??= []) as Table[];
      table = {};
      list.push(table);
    } else if (one !== undefined) {
      table = one.split(".").reduce<Table>((outer, part) => (outer[part] ??= {}) as Table, root);
    } else if (key !== undefined && value !== undefined) {
      if (key in table) throw new Error(`twice: ${key}`);
      // A basic string without Unicode escapes is written as in JSON.
      table[key] = JSON.parse(value) as unknown;
    } else throw new Error(`not understood: ${line}`);
  }
  return root;
}

const duration = z.string().regex(/^\d+(ms|s|m)$/);

/** Fly's app configuration, as far as ours goes. */
export const flyApp = z.strictObject({
  app: z.string().regex(/^[a-z0-9-]{1,63}$/),
  primary_region: z.string().length(3),
  kill_signal: z.enum(["SIGTERM", "SIGINT"]),
  /** Seconds; Fly stops waiting after 300. */
  kill_timeout: z.int().min(1).max(300),
  build: z.strictObject({ image: z.string() }),
  env: z.record(z.string(), z.string()),
  checks: z.record(
    z.string(),
    z.strictObject({
      type: z.literal("http"),
      port: z.int(),
      method: z.literal("get"),
      path: z.string(),
      interval: duration,
      timeout: duration,
      grace_period: duration,
    }),
  ),
  restart: z.array(z.strictObject({ policy: z.enum(["no", "on-failure", "always"]), retries: z.int() })),
  vm: z.array(z.strictObject({ size: z.string(), memory: z.string() })),
});
