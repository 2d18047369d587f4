/** What the memory asks of the component. */
import type { Infer } from "convex/values";
import { z } from "zod";
import {
  getLatestDataSnapshotForRestore,
  getWorkerMemory,
  prepareDataSnapshotUpload,
  type SnapshotReason,
} from "../../../src/contract/snapshots.js";
import { schemaOf } from "../transport/schemaOf.js";

export const memoryReply = schemaOf(getWorkerMemory.returns, {
  everyTurns: z.number().positive(),
  maxBytes: z.number().positive(),
});
/** The conversation that this worker is bound to. */
export type WorkerMemory = NonNullable<Infer<typeof getWorkerMemory.returns>>;

export const restoreReply = schemaOf(getLatestDataSnapshotForRestore.returns);
export type RestorableSnapshot = NonNullable<Infer<typeof getLatestDataSnapshotForRestore.returns>>;

export const prepareReply = schemaOf(prepareDataSnapshotUpload.returns);
export type PreparedSnapshot = Infer<typeof prepareDataSnapshotUpload.returns>;

/** In the deployment's file storage, or elsewhere. */
export type StoredArchive = { storageId: string } | { location: string };

type Finalized = StoredArchive & {
  snapshotId: string;
  sha256: string;
  sizeBytes: number;
};

/** Every call is made once. `leaseId`: any lease this worker had of the conversation. Rejects with `TransportError`. */
export interface MemoryTransport {
  memory(leaseId: string | undefined, signal?: AbortSignal): Promise<WorkerMemory | null>;
  restore(
    of: WorkerMemory,
    leaseId: string | undefined,
    signal?: AbortSignal,
  ): Promise<RestorableSnapshot | null>;
  prepareSnapshot(
    of: WorkerMemory,
    more: { reason: SnapshotReason; versions: Record<string, string>; leaseId: string | undefined },
    signal?: AbortSignal,
  ): Promise<PreparedSnapshot>;
  /** A repeat is harmless. */
  finalizeSnapshot(snapshot: Finalized, signal?: AbortSignal): Promise<boolean>;
  failSnapshot(
    failed: { snapshotId: string; error: string; upload?: { storageId: string; sha256: string } },
    signal?: AbortSignal,
  ): Promise<boolean>;
  /** A repeat is harmless. */
  release(given: { conversationId: string; snapshotId: string }, signal?: AbortSignal): Promise<boolean>;
}
