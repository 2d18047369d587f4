/** Where an engine keeps its memory. */
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

/** The data directory of `DATA_DIR`; without it, where the published image mounts its volume. */
export const dataRoot = (dataDir: string | undefined): string => path.resolve(dataDir ?? "/data");
