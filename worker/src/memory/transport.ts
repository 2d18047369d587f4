/** What the memory asks of the component. */
import { z } from "zod";
import type { SnapshotReason } from "../../../src/contract/snapshots.js";

export const memoryReply = z
  .object({
    workspaceId: z.string(),
    agentKey: z.string(),
    conversationId: z.string(),
    generation: z.number(),
    everyTurns: z.number().positive(),
    maxBytes: z.number().positive(),
  })
  .nullable();
/** The conversation that this worker is bound to. */
export type WorkerMemory = NonNullable<z.infer<typeof memoryReply>>;

export const restoreReply = z
  .object({
    snapshotId: z.string(),
    downloadUrl: z.string(),
    sha256: z.string().nullable(),
    sizeBytes: z.number().nullable(),
    createdAt: z.number(),
    generation: z.number(),
    /** Where it lies, when that is not the deployment's file storage. */
    location: z.string().optional(),
  })
  .nullable();
export type RestorableSnapshot = NonNullable<z.infer<typeof restoreReply>>;

export const prepareReply = z.object({
  snapshotId: z.string(),
  uploadUrl: z.string(),
  expiresAt: z.number(),
  /** Archives of this conversation in the worker's bucket that nobody needs any more. */
  discardable: z.array(z.string()).optional(),
});
export type PreparedSnapshot = z.infer<typeof prepareReply>;

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
