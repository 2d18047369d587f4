import type { Catalog } from "./catalog.js";
import type { FileUrls, Files } from "./files.js";
import type { FunctionRegistry, Target } from "./functions.js";
import type { TransactionLimits, Usage } from "./limits.js";
import type { Pace } from "./pace.js";
import type { Store } from "./store.js";
import type { Transaction } from "./transaction.js";

/** What running functions need of the engine around them. */
export interface Runtime {
  readonly catalog: Catalog;
  readonly store: Store;
  readonly registry: FunctionRegistry;
  readonly pace: Pace;
  readonly files: Files;
  readonly urls: FileUrls;
  readonly limits: TransactionLimits;
  newUsage(): Usage;
  log(line: string): void;
  /** Runs a query or mutation as a transaction of its own, an action outside of any. @returns its result as JSON. */
  run(target: Target, argsJson: string): Promise<string>;
  /** A transaction of the platform itself, at once and without conflicts. */
  system<T>(body: (tx: Transaction) => T): T;
}

/** A line that a function printed. */
export const logLine = (name: string, level: string, values: readonly unknown[]): string =>
  `${name} [${level}] ${values.map(text).join(" ")}`;

function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ?? String(value);
  return (
    JSON.stringify(value, (_key, field: unknown) => (typeof field === "bigint" ? `${field}n` : field)) ??
    "undefined"
  );
}
