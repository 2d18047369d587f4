/** What must be there before anything is opened: room on the disk, and the engine's program. */
import { constants } from "node:fs";
import { X509Certificate } from "node:crypto";
import { access, mkdir, readFile, stat, statfs } from "node:fs/promises";
import path from "node:path";
import { WorkerFault, type FaultCode } from "./faults.js";

/** Free bytes below which a data directory cannot be worked with: the marker, a journal line and a small archive. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024;

export interface Disks {
  /** Free bytes for this user on the disk of a directory. */
  freeBytes(directory: string): Promise<number>;
}

export const systemDisks: Disks = {
  async freeBytes(directory) {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
};

/** Rejects with `disk_full` or `data_dir_unusable`. Creates the directory if it is missing. */
export async function checkDataDir(directory: string, disks: Disks = systemDisks): Promise<void> {
  let free: number;
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    free = await disks.freeBytes(directory);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new WorkerFault(code === "ENOSPC" ? "disk_full" : "data_dir_unusable", `${directory} (${code})`);
  }
  if (free < LEAST_FREE_BYTES)
    throw new WorkerFault(
      "disk_full",
      `${free} bytes are free on the disk of ${directory}, ${LEAST_FREE_BYTES} are needed`,
    );
}

/** Rejects with `engine_missing` when the program of a command engine cannot be run from here. */
export async function checkProgram(program: string, searchPath: string | undefined): Promise<void> {
  const places = program.includes("/")
    ? [path.resolve(program)]
    : (searchPath ?? "").split(path.delimiter).map((directory) => path.join(directory || ".", program));
  for (const place of places) {
    try {
      await access(place, constants.X_OK);
      if ((await stat(place)).isFile()) return;
    } catch {
      // the next one
    }
  }
  throw new WorkerFault("engine_missing", program);
}

/** Something that a worker can live with, and its operator should mend. */
export interface Finding {
  code: FaultCode;
  detail: string;
}

/** Linux's usual limit. The engine inherits it, and a gateway with its tools opens hundreds of files and sockets. */
const LEAST_OPEN_FILES = 1_024;

/** What is wrong with the machine without keeping the worker from its work. Never rejects. */
export async function lookAtMachine(
  env: Record<string, string | undefined>,
  limitsFile = "/proc/self/limits",
): Promise<Finding[]> {
  return [await openFilesFinding(limitsFile), await authoritiesFinding(env["NODE_EXTRA_CA_CERTS"])].filter(
    (finding) => finding !== null,
  );
}

/** Node raises its own limit to the hard one before this is read; where there is no such file nothing is said. */
async function openFilesFinding(limitsFile: string): Promise<Finding | null> {
  const limits = await readFile(limitsFile, "utf8").catch(() => "");
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? LEAST_OPEN_FILES);
  if (limit >= LEAST_OPEN_FILES) return null;
  return { code: "open_files_low", detail: `${limit} are allowed, ${LEAST_OPEN_FILES} should be` };
}

/** Node goes on without the file, and then every call fails as if it had not been named. */
async function authoritiesFinding(file: string | undefined): Promise<Finding | null> {
  if (file === undefined || file === "") return null;
  try {
    new X509Certificate(await readFile(file));
    return null;
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "no PEM certificate";
    return { code: "authorities_unusable", detail: `${file} (${why})` };
  }
}
