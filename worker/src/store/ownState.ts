/** Everything a worker keeps for itself, opened at its start. */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Logger } from "pino";
import type { WorkerEnv } from "../env.js";
import { memoryPlace } from "../engines/chosen.js";
import { faults, WorkerFault } from "../faults.js";
import { Journal } from "../journal/journal.js";
import { systemCode } from "../memory/memoryError.js";
import { PRIVATE_DIR } from "../memory/place.js";
import { lockDir } from "./dirLock.js";
import { openFileStore } from "./fileStore.js";
import { openPostgresStore } from "./postgresStore.js";
import { StoreError, type OwnStore } from "./store.js";

type OwnEnv = Pick<WorkerEnv, "STATE_DIR" | "STATE_DATABASE_URL" | "WORKER_ID" | "BASE_INTERNAL_URL"> &
  Parameters<typeof memoryPlace>[0];

export interface OwnState {
  journal: Journal;
  /** Names the process that uses this worker's id: the same after a restart with the same directory. */
  instance: string;
  /** Null: this worker has no place for connections. */
  store: OwnStore | null;
  close(): Promise<void>;
}

/** This worker's own directory, or null. Beside the memory of a stateful engine, never part of it. */
export function stateDir(
  env: Pick<WorkerEnv, "STATE_DIR"> & Parameters<typeof memoryPlace>[0],
): string | null {
  if (env.STATE_DIR !== undefined) return env.STATE_DIR;
  const place = memoryPlace(env);
  return place === null ? null : path.join(place.root, PRIVATE_DIR, "own");
}

/**
 * Opens journal and store. Rejects with a `WorkerFault`. `tmp`: where a worker without a directory keeps its process's name; null: nowhere,
 * as its id is new with each start.
 */
export async function openOwnState(env: OwnEnv, log: Logger, tmp: string | null): Promise<OwnState> {
  const dir = stateDir(env);
  const { journal, unlock, instance } =
    dir === null ? inMemory(env, tmp) : openJournal(dir, env.WORKER_ID, log);
  try {
    const store = await openStore(env, dir);
    if (dir === null) log.info("worker.noOwnDirectory");
    return {
      journal,
      instance,
      store,
      async close() {
        journal.close();
        await store?.close();
        unlock();
      },
    };
  } catch (error) {
    journal.close();
    unlock();
    throw error;
  }
}

/** The store that the environment asks for; null: none. Rejects with a `WorkerFault`. */
export async function openStore(
  env: Pick<WorkerEnv, "STATE_DATABASE_URL">,
  dir: string | null,
): Promise<OwnStore | null> {
  try {
    if (env.STATE_DATABASE_URL !== undefined) return await openPostgresStore(env.STATE_DATABASE_URL);
    return dir === null ? null : await openFileStore(dir);
  } catch (error) {
    if (error instanceof StoreError) throw new WorkerFault("store_unusable", error.message);
    throw error;
  }
}

const INSTANCE_FILE = "instance";

/** Under the directory's lock, so that no other process has the same. */
function instanceOf(dir: string): string {
  const file = path.join(dir, INSTANCE_FILE);
  const fresh = randomUUID();
  try {
    const known = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
    if (/^[\w-]{1,64}$/.test(known)) return known;
    writeFileSync(file, fresh, { mode: 0o600 });
  } catch {
    // Then the next start has another name, and waits until this process counts as lost.
  }
  return fresh;
}

interface Opened {
  journal: Journal;
  instance: string;
  unlock: () => void;
}

function inMemory(env: OwnEnv, tmp: string | null): Opened {
  const journal = Journal.inMemory(env.WORKER_ID);
  return { journal, ...(tmp === null ? unnamed() : namedIn(tmp, env)) };
}

const unnamed = () => ({ instance: randomUUID(), unlock: (): void => undefined });

/** The same name for who starts again on this machine, so that a killed worker need not be waited for; another one for who runs beside it. */
function namedIn(tmp: string, { BASE_INTERNAL_URL, WORKER_ID }: OwnEnv): Omit<Opened, "journal"> {
  const uid = process.getuid?.() ?? 0;
  const own = path.join(tmp, `agent-factory-worker-${uid}`);
  const id = createHash("sha256").update(`${BASE_INTERNAL_URL} ${WORKER_ID}`).digest("hex").slice(0, 32);
  const dir = path.join(own, id);
  try {
    // Everybody may write in `tmp`: what somebody else has made there is not used.
    for (const place of [own, dir]) {
      mkdirSync(place, { recursive: true, mode: 0o700 });
      const found = lstatSync(place);
      if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== uid)) return unnamed();
    }
    const unlock = lockDir(dir);
    return { instance: instanceOf(dir), unlock };
  } catch {
    return unnamed();
  }
}

function openJournal(dir: string, workerId: string, log: Logger): Opened {
  const onWriteFailed = (error: unknown): void => {
    const { message, fix } = faults.journal_not_written;
    log.error({ code: "journal_not_written", message, fix, detail: systemCode(error) }, "worker.fault");
  };
  let unlock: () => void = () => undefined;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // Before it is opened: opening writes the file anew.
    unlock = lockDir(dir);
    const { journal, finding } = Journal.open(dir, workerId, { onWriteFailed });
    if (finding.truncated) log.info("journal.lastRecordCutOff");
    if (finding.damagedLines.length > 0) {
      const { message, fix } = faults.journal_damaged;
      log.error({ code: "journal_damaged", message, fix, ...finding }, "worker.fault");
    }
    const open = journal.open().length;
    if (open > 0) log.info({ open }, "journal.found");
    return { journal, unlock, instance: instanceOf(dir) };
  } catch (error) {
    unlock();
    const known = error instanceof Error && "code" in error;
    const why = known ? systemCode(error) : error instanceof Error ? error.message : "unknown error";
    throw new WorkerFault("state_dir_unusable", `${dir}: ${why}`);
  }
}
