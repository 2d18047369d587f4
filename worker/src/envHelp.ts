/** The table of variables, read off the schema. */
import { envSchema } from "./envSchema.js";

export interface EnvHelpRow {
  name: string;
  /** `required`, or the default as text; empty when optional without one. */
  default: string;
  meaning: string;
}

/** One row per variable, in the order of the schema. */
export function envHelp(): EnvHelpRow[] {
  return Object.entries(envSchema.shape).map(([name, schema]) => {
    const absent = schema.safeParse(undefined);
    const fallback = absent.success ? (absent.data === undefined ? "" : String(absent.data)) : "required";
    return { name, default: fallback, meaning: schema.meta()?.description ?? "" };
  });
}

/** What a variable means, for a message about it. */
export const hintOf = (name: string): string => envHelp().find((row) => row.name === name)?.meaning ?? "";

/** The table as text for a terminal. */
export function formatEnvHelp(): string {
  const rows = envHelp();
  const width = (pick: (row: EnvHelpRow) => string): number =>
    Math.max(...rows.map((row) => pick(row).length));
  const [nameWidth, defaultWidth] = [width((row) => row.name), width((row) => row.default)];
  return rows
    .map((row) => `  ${row.name.padEnd(nameWidth)}  ${row.default.padEnd(defaultWidth)}  ${row.meaning}`)
    .join("\n");
}
