/** What an engine's folder gives the registry: its variables, what follows from them, and the engine itself. */
import type { z } from "zod";
import type { Clock } from "../clock.js";
import type { Engine } from "../engine/engine.js";
import type { Place } from "../memory/place.js";
import type { ProbePlaces } from "../probes/probe.js";

/** Variables as they were given: trimmed, blanks left out, without defaults. */
export type Given = Readonly<Record<string, string | undefined>>;

/** What is wrong with a variable, in words that follow its name. */
export interface Fault {
  name: string;
  problem: string;
}

/** The worker's own variables that an engine may use. The first keeps the name that it had for one engine only. */
export interface SharedEnv {
  OPENCLAW_CONVERSATION_ID?: string;
  DATA_DIR?: string;
  ENGINE_TIMEOUT_MS: number;
}

/** Where an engine reports what happens to it. Shaped like pino. */
export interface EngineLog {
  info(fields: Record<string, string | number>, message: string): void;
  warn(fields: Record<string, string | number>, message: string): void;
}

export interface CreateEngineDeps {
  clock: Clock;
  log: EngineLog;
  /** The process's environment; a program that an engine starts gets some of it. */
  processEnv: Record<string, string | undefined>;
}

type Values<Env extends z.ZodRawShape> = z.infer<z.ZodObject<Env>>;

export interface EngineKind<Env extends z.ZodRawShape = z.ZodRawShape> {
  /** The value of `ENGINE`. */
  readonly name: string;
  /** Its variables. Each has a `description`, the help; `secret: true` there for a value that must never be printed. */
  readonly env: Env;
  /** What it needs beside its defaults, every fault at once. Absent: nothing. */
  faults?(given: Given): Fault[];
  /** Where it keeps its memory on this machine; null: nowhere, as when absent. Asked of an unchecked environment, too. */
  place?(env: Pick<SharedEnv, "DATA_DIR"> & Partial<Values<Env>>): Place | null;
  /** The program without which it cannot answer, looked for before the worker starts. */
  program?(env: Values<Env>): string | undefined;
  /** What of it an operator may have probed. */
  probes?(env: Values<Env>): Partial<Pick<ProbePlaces, "model" | "gatewayUrl">>;
  /** Builds the engine without starting it. `env` has been checked: what it needs is there. */
  create(env: SharedEnv & Values<Env>, deps: CreateEngineDeps): Engine;
}

/** A fault for every one of the variables that is absent. */
export const missing = (given: Given, ...names: string[]): Fault[] =>
  names
    .filter((name) => given[name] === undefined)
    .map((name) => ({ name, problem: `is missing (needed by ENGINE=${given["ENGINE"] ?? ""})` }));
