/** Everything a worker keeps for itself, opened at its start. */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

type OwnEnv = Pick<WorkerEnv, "STATE_DIR" | "STATE_DATABASE_URL" | "WORKER_ID"> &
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

/** Opens journal and store. Rejects with a `WorkerFault`. */
export async function openOwnState(env: OwnEnv, log: Logger): Promise<OwnState> {
  const dir = stateDir(env);
  const { journal, unlock } = dir === null ? inMemory(env.WORKER_ID) : openJournal(dir, env.WORKER_ID, log);
  try {
    const store = await openStore(env, dir);
    if (dir === null) log.info("worker.noOwnDirectory");
    return {
      journal,
      instance: dir === null ? randomUUID() : instanceOf(dir),
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

const inMemory = (workerId: string) => ({ journal: Journal.inMemory(workerId), unlock: () => undefined });

function openJournal(dir: string, workerId: string, log: Logger): { journal: Journal; unlock: () => void } {
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
    return { journal, unlock };
  } catch (error) {
    unlock();
    const known = error instanceof Error && "code" in error;
    const why = known ? systemCode(error) : error instanceof Error ? error.message : "unknown error";
    throw new WorkerFault("state_dir_unusable", `${dir}: ${why}`);
  }
}
