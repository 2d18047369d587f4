/** Snapshots: the memory of a conversation's agent, one archive of its data directory per row. */
import { v, type Infer } from "convex/values";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";

/** Layout of the archive: a gzipped tar of the data directory's entries, relative to it. */
export const SNAPSHOT_FORMAT_VERSION = 1;

/** `periodic`: in the middle of a worker's life; the others end it. 1.0.11 knew the first three. */
export const vSnapshotReason = lazy(() => oneOf("drain", "signal", "manual", "periodic"));
export type SnapshotReason = Infer<typeof vSnapshotReason>;

export const vSnapshotStatus = lazy(() => oneOf("uploading", "ready", "failed", "expired"));

/**
 * - `downloadUrl`: Null unless the host asked for it; whoever has it can download the memory without logging in.
 */
export const vSnapshotView = lazy(() =>
  v.object({
    snapshotId: v.string(),
    createdAt: v.number(),
    sizeBytes: orNull.number,
    sha256: orNull.string,
    downloadUrl: orNull.string,
    status: vSnapshotStatus,
    conversationId: orNull.string,
  }),
);
export type SnapshotView = Infer<typeof vSnapshotView>;

/** `leaseId`: proof of a token that is bound to no worker, any lease that this worker had of the conversation. */
const caller = lazy(() => ({ workerToken: opt.string, leaseId: opt.string }));

/**
 * Where the worker stands: the conversation whose data directory it holds. Null: none, so it saves nothing.
 * - returns `everyTurns`: Turns after which a snapshot is due.
 * - returns `maxBytes`: Largest archive, in bytes.
 */
export const getWorkerMemory = query("workers", { for: "worker", as: "workerMemory", operation: "memory" })(
  () => ({
    args: { workerId: v.string(), ...caller },
    returns: v.union(
      v.null(),
      v.object({
        workspaceId: v.string(),
        agentKey: v.string(),
        conversationId: v.string(),
        generation: v.number(),
        everyTurns: v.number(),
        maxBytes: v.number(),
      }),
    ),
  }),
);

/**
 * Opens an upload. A worker with a token saves the conversation it is bound to and nothing else (`snapshot_refused`); the
 * host may name any. The URL takes one POST within an hour and answers `{storageId}`.
 * - `versions`: What made the archive, e.g. `{worker: "2.0.0", engine: "openclaw"}`; at most 8 entries of 64 characters.
 * - `generation`: The ownership under which the worker used its disk, if that may be an earlier one than its present binding.
 * - returns `discardable`: Locations of this conversation's archives in a bucket whose rows are expired: whoever can reach
 *   the bucket deletes them.
 */
export const prepareDataSnapshotUpload = mutation("workers", {
  for: "worker",
  as: "workerPrepareSnapshotUpload",
  operation: "snapshot_prepare",
  image: true,
})(() => ({
  args: {
    workerId: v.string(),
    workspaceId: v.string(),
    agentKey: v.string(),
    conversationId: opt.string,
    reason: vSnapshotReason,
    versions: v.optional(v.record(v.string(), v.string())),
    generation: opt.number,
    ...caller,
  },
  returns: v.object({
    snapshotId: v.string(),
    uploadUrl: v.string(),
    expiresAt: v.number(),
    discardable: v.optional(v.array(v.string())),
  }),
}));

/**
 * Makes the snapshot restorable once the stored file is what the worker says (`snapshot_mismatch`, `snapshot_too_large`).
 * false if unknown, another worker's, failed or expired. Repeatable.
 * - `storageId`: The file in the deployment's storage; exactly one of this and `location`.
 * - `location`: The archive in a bucket that only workers reach. Its size and hash are the worker's word; whoever restores it
 *   compares them.
 * - `sha256`: Of the archive, hexadecimal.
 */
export const finalizeDataSnapshotUpload = mutation("workers", {
  for: "worker",
  as: "workerFinalizeSnapshotUpload",
  operation: "snapshot_finalize",
  image: true,
})(() => ({
  args: {
    workerId: v.string(),
    snapshotId: v.string(),
    storageId: opt.string,
    location: opt.string,
    sha256: v.string(),
    sizeBytes: v.number(),
    workerToken: opt.string,
  },
  returns: v.boolean(),
}));

/**
 * false if unknown, another worker's, or ready already.
 * - `upload`: The file, if it was uploaded before something went wrong: it is deleted when it has this hash.
 */
export const failDataSnapshotUpload = mutation("workers", {
  for: "worker",
  as: "workerFailSnapshotUpload",
  operation: "snapshot_fail",
  image: true,
})(() => ({
  args: {
    workerId: v.string(),
    snapshotId: v.string(),
    error: v.string(),
    upload: v.optional(v.object({ storageId: v.string(), sha256: v.string() })),
    workerToken: opt.string,
  },
  returns: v.boolean(),
}));

/**
 * The newest ready snapshot of exactly this conversation. Without `conversationId`: of the conversation that the calling
 * worker is bound to, else null. A worker with a token gets its own conversation's or null.
 * - `workerId`: Needed where the token is bound to no worker.
 * - returns `generation`: Of the owner that saved it.
 * - returns `location`: Set when the archive lies elsewhere; `downloadUrl` is the same then, and no HTTP address.
 */
export const getLatestDataSnapshotForRestore = query("workers", {
  for: "worker",
  as: "workerLatestSnapshotForRestore",
  operation: "snapshot_restore",
  image: true,
})(() => ({
  args: {
    workspaceId: v.string(),
    agentKey: v.string(),
    conversationId: opt.string,
    workerId: opt.string,
    ...caller,
  },
  returns: v.union(
    v.null(),
    v.object({
      snapshotId: v.string(),
      downloadUrl: v.string(),
      sha256: orNull.string,
      sizeBytes: orNull.number,
      createdAt: v.number(),
      generation: v.number(),
      location: opt.string,
    }),
  ),
}));

/**
 * All statuses, newest first; `limit` 1..200, default 50.
 * - `includeDownloadUrls`: Only for the host itself.
 */
export const listSnapshotsForConversation = query("operators", {
  for: "read",
  hostOnly: ["includeDownloadUrls"],
})(() => ({
  args: {
    conversationId: v.string(),
    limit: opt.number,
    includeDownloadUrls: opt.boolean,
  },
  returns: v.array(vSnapshotView),
}));

/**
 * The worker saved its conversation as `snapshotId` and gives it up, to take another. false unless that snapshot is ready,
 * of the worker's present binding, and has every turn, and the worker holds no message. Repeatable.
 */
export const releaseConversation = mutation("workers", {
  for: "worker",
  as: "workerReleaseConversation",
  operation: "release_conversation",
})(() => ({
  args: {
    workerId: v.string(),
    conversationId: v.string(),
    snapshotId: v.string(),
    workerToken: opt.string,
  },
  returns: v.boolean(),
}));
