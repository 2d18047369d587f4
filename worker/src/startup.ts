/** The steps of a start that can end it, each with its own fault. */
import { programOf } from "./engines/chosen.js";
import { EngineError, type Engine } from "./engine/engine.js";
import type { WorkerEnv } from "./env.js";
import { WorkerFault } from "./faults.js";
import { startHealthServer, type HealthDeps, type HealthServer } from "./health.js";
import { checkDataDir, checkProgram } from "./startChecks.js";

/** Looks at the machine before anything is opened. Rejects with `disk_full`, `data_dir_unusable` or `engine_missing`. */
export async function checkMachine(
  env: WorkerEnv,
  dataDir: string | undefined,
  searchPath: string | undefined,
): Promise<void> {
  const program = programOf(env);
  if (program !== undefined) await checkProgram(program, searchPath);
  if (dataDir !== undefined) await checkDataDir(dataDir);
}

/** Rejects with `port_in_use` or `port_unavailable`. */
export async function listen(env: WorkerEnv, deps: HealthDeps): Promise<HealthServer> {
  try {
    return await startHealthServer(deps, env.HEALTH_HOST, env.HEALTH_PORT);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    const fault = code === "EADDRINUSE" ? "port_in_use" : "port_unavailable";
    throw new WorkerFault(fault, `${env.HEALTH_HOST}:${env.HEALTH_PORT} (${code})`);
  }
}

/** Rejects with `skills_not_ready`: the worker must not work without its skills and could not have them. */
export async function startSkills(refreshing: Promise<unknown>): Promise<void> {
  try {
    await refreshing;
  } catch (error) {
    throw new WorkerFault("skills_not_ready", messageOf(error));
  }
}

/** Waits for the engine, or for a stop, whichever comes first. Rejects with `engine_refused` or `engine_not_ready`. */
export async function startEngine(engine: Engine, stopSignal: AbortSignal): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    if (stopSignal.aborted) resolve();
    else stopSignal.addEventListener("abort", () => resolve(), { once: true });
  });
  const starting = engine.start();
  starting.catch(() => undefined);
  try {
    await Promise.race([starting, stopped]);
  } catch (error) {
    const refused = error instanceof EngineError && !error.retryable;
    throw new WorkerFault(refused ? "engine_refused" : "engine_not_ready", messageOf(error));
  }
}

/** An error of ours is made for operators; of another, only its class is told. */
const messageOf = (error: unknown): string =>
  error instanceof EngineError ||
  (error instanceof Error && error.name.endsWith("Error") && error.name !== "Error")
    ? error.message
    : "unexpected error";
