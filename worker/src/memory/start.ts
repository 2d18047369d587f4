/** The memory that the environment asks for, taken up before the engine starts. */
import type { Logger } from "pino";
import { SNAPSHOT_FORMAT_VERSION } from "../../../src/contract/snapshots.js";
import type { Clock } from "../clock.js";
import type { Engine } from "../engine/engine.js";
import type { WorkerEnv } from "../env.js";
import { workerVersion } from "../version.js";
import { Disk } from "./disk.js";
import { Memory, type MemoryDeps } from "./memory.js";
import { systemCode } from "./memoryError.js";
import type { Place } from "./place.js";
import { snapshotStorage } from "./storage/configured.js";
import type { MemoryTransport } from "./transport.js";

/** `ok: false`: the data directory cannot be used, the log says why. */
export type MemoryStart = { ok: true; memory: Memory | undefined } | { ok: false };

/**
 * Opens the data directory and takes up the conversation that this worker is bound to; nothing for a stateless engine.
 * Rejects with a `WorkerFault` when snapshots are to go to a bucket that this worker has no credentials for.
 */
export async function startMemory(
  place: Place | null,
  env: WorkerEnv,
  deps: { transport: MemoryTransport; engine: Engine; clock: Clock; log: Logger } & Pick<
    MemoryDeps,
    "refreshSkills"
  >,
): Promise<MemoryStart> {
  if (place === null) return { ok: true, memory: undefined };
  const versions = {
    worker: workerVersion(),
    engine: deps.engine.name,
    format: String(SNAPSHOT_FORMAT_VERSION),
  };
  const storage = await snapshotStorage(env);
  const memory = new Memory({
    ...deps,
    storage,
    disk: new Disk(place),
    timeoutMs: env.SNAPSHOT_TIMEOUT_MS,
    versions,
  });
  try {
    await memory.boot(env.OPENCLAW_CONVERSATION_ID);
    return { ok: true, memory };
  } catch (error) {
    deps.log.fatal({ dataDir: place.root, code: systemCode(error) }, "worker.dataDirUnusable");
    return { ok: false };
  }
}
