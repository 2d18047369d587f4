/** What the environment says of engines: their variables, and everything that depends on the one that it asks for. */
import { variablesOf } from "../envShapes.js";
import type { Engine } from "../engine/engine.js";
import type { WorkerEnv } from "../env.js";
import type { Place } from "../memory/place.js";
import type { ProbePlaces } from "../probes/probe.js";
import type { CreateEngineDeps, EngineKind, Fault, Given } from "./kind.js";
import { engineKinds } from "./registry.js";

/** The values of `ENGINE`. */
export const engineNames = engineKinds.map(({ name }) => name);
/** The variables of all engines. */
export const enginesEnv = variablesOf(engineKinds);

const kindOf = (name: string | undefined): EngineKind | undefined =>
  (engineKinds as readonly EngineKind[]).find((kind) => kind.name === name);

/** What is wrong with the variables of the chosen engine together. */
export const engineFaults = (given: Given): Fault[] => kindOf(given["ENGINE"])?.faults?.(given) ?? [];

/** Where the chosen engine keeps its memory; null: it keeps none on this machine. */
export const memoryPlace = (env: {
  ENGINE?: string;
  DATA_DIR?: string;
  [name: string]: unknown;
}): Place | null => kindOf(env.ENGINE)?.place?.(env) ?? null;

/** The program without which the chosen engine cannot answer. */
export const programOf = (env: WorkerEnv): string | undefined => kindOf(env.ENGINE)?.program?.(env);

/** What an operator may have probed without a target: the chosen engine's, not the others'. */
export const probePlaces = (env: WorkerEnv): ProbePlaces => ({
  workerId: env.WORKER_ID,
  model: null,
  gatewayUrl: null,
  ...kindOf(env.ENGINE)?.probes?.(env),
});

/** Builds the chosen engine without starting it. */
export function createEngine(env: WorkerEnv, deps: CreateEngineDeps): Engine {
  const kind = kindOf(env.ENGINE);
  if (kind === undefined) throw new Error(`no engine is called ${env.ENGINE}`);
  return kind.create(env, deps);
}
