/** Where the engine keeps its memory, from the environment. */
import path from "node:path";

/** The worker's own corner of the data directory: marker, journal, files on their way. Never part of an archive. */
export const PRIVATE_DIR = ".agent-factory";

/** A data directory, and what of it is memory. */
export interface Place {
  root: string;
  /** The entries directly below `root` that are memory; null: all but {@link PRIVATE_DIR}. */
  entries: readonly string[] | null;
  /** Files below the entries that belong to the machine and not to the memory, relative to `root`. */
  machineFiles: readonly string[];
}

export interface PlaceVariables {
  ENGINE?: string | undefined;
  DATA_DIR?: string | undefined;
  COMMAND_STATEFUL?: string | undefined;
  OPENCLAW_STATE_DIR?: string | undefined;
  OPENCLAW_WORKSPACE_DIR?: string | undefined;
  OPENCLAW_CONFIG_PATH?: string | undefined;
}

/** Where the published image mounts its volume. */
const IMAGE_DATA_DIR = "/data";

/**
 * The place of the memory; null when the engine keeps none here: a stateless one, or an OpenClaw gateway whose directories
 * are not this machine's.
 */
export function memoryPlace(env: PlaceVariables): Place | null {
  if (env.ENGINE === "command" && env.COMMAND_STATEFUL === "true")
    return { root: path.resolve(env.DATA_DIR ?? IMAGE_DATA_DIR), entries: null, machineFiles: [] };
  if (env.ENGINE !== "openclaw") return null;
  const dirs = openClawDirs(env);
  if (dirs.length === 0) return null;
  const root = path.resolve(env.DATA_DIR ?? IMAGE_DATA_DIR);
  const machineFiles =
    env.OPENCLAW_CONFIG_PATH === undefined ? [] : [relative(root, env.OPENCLAW_CONFIG_PATH)];
  return { root, entries: dirs.map(({ dir }) => relative(root, dir)), machineFiles };
}

/** What is wrong with these variables together. */
export function placeProblems(env: PlaceVariables): { name: string; problem: string }[] {
  if (env.ENGINE !== "openclaw") return [];
  const root = path.resolve(env.DATA_DIR ?? IMAGE_DATA_DIR);
  return openClawDirs(env)
    .filter(({ dir }) => path.dirname(path.resolve(dir)) !== root || path.basename(dir) === PRIVATE_DIR)
    .map(({ name }) => ({ name, problem: "must be a directory directly inside DATA_DIR" }));
}

function openClawDirs(env: PlaceVariables): { name: string; dir: string }[] {
  return (["OPENCLAW_STATE_DIR", "OPENCLAW_WORKSPACE_DIR"] as const).flatMap((name) => {
    const dir = env[name];
    return dir === undefined ? [] : [{ name, dir }];
  });
}

const relative = (root: string, below: string): string =>
  path.relative(root, path.resolve(below)).split(path.sep).join("/");
