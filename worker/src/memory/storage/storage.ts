/** Where archives lie: in the deployment's own file storage, or in a bucket of the operator's. */
import type { Clock } from "../../clock.js";
import type { Packed } from "../archive.js";
import { MemoryError } from "../memoryError.js";
import { download, upload, type Expected } from "../transfer.js";
import type { PreparedSnapshot, RestorableSnapshot, StoredArchive, WorkerMemory } from "../transport.js";

/** A place for archives that is not the deployment's own file storage. All calls reject with a `MemoryError`. */
export interface SnapshotStorage {
  /** The location of a new archive. */
  locate(of: { workspaceId: string; agentKey: string; snapshotId: string }): string;
  /** Stores it, repeating what may succeed later. */
  put(location: string, packed: Packed, clock: Clock, signal: AbortSignal): Promise<void>;
  /** Fetches it into `file` and compares it with what was promised; a location that is not this storage's is refused. */
  fetch(location: string, file: string, expected: Expected, clock: Clock, signal: AbortSignal): Promise<void>;
  /** Writes and reads a small object: whether bucket, region, credentials and rights are right, before anything depends on it. */
  check(clock: Clock, signal: AbortSignal): Promise<void>;
  /** Removes it; one that is gone already is removed. Never rejects: what is left is collected another time. */
  remove(location: string, signal: AbortSignal): Promise<void>;
}

/** Stores an archive where this worker stores them. */
export async function storeArchive(
  storage: SnapshotStorage | undefined,
  of: WorkerMemory,
  prepared: PreparedSnapshot,
  packed: Packed,
  clock: Clock,
  signal: AbortSignal,
): Promise<StoredArchive> {
  if (storage === undefined) return { storageId: await upload(prepared.uploadUrl, packed, clock, signal) };
  const location = storage.locate({ ...of, snapshotId: prepared.snapshotId });
  await storage.put(location, packed, clock, signal);
  return { location };
}

/** Fetches a snapshot from where it was stored, which need not be where this worker stores them. */
export async function loadArchive(
  storage: SnapshotStorage | undefined,
  { downloadUrl, location }: RestorableSnapshot,
  file: string,
  expected: Expected,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (location === undefined) return void (await download(downloadUrl, file, expected, clock, signal));
  if (storage === undefined)
    throw new MemoryError(
      "unavailable",
      "the snapshot lies in a bucket, and SNAPSHOT_BASE_URI is not set here",
    );
  await storage.fetch(location, file, expected, clock, signal);
}
