import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vSnapshotReason, vSnapshotStatus } from "../../contract/snapshots.js";

export const snapshotsTables = {
  /**
   * One archive of a data directory. Cold: written by prepare, finalize, fail and the sweep; read by restore, the fleet and
   * views. `uploading → ready → expired → gone`, or `uploading → failed | expired → gone`. The newest ready rows of a
   * conversation (`policies.snapshots.keep`) stay for good; every other row goes after its time.
   */
  dataSnapshots: defineTable({
    workspaceId: v.string(),
    agentKey: v.string(),
    workerId: v.string(),
    /** Absent: saved for no conversation; never restored. */
    conversationId: v.optional(v.string()),
    reason: vSnapshotReason,
    formatVersion: v.number(),
    versions: v.optional(v.record(v.string(), v.string())),
    /** The owner's count at the time of prepare; a higher one wins. 0: nobody's, loses against every owner. */
    generation: v.number(),
    /** Turns of the conversation at the time of prepare. */
    turnCount: v.number(),
    archiveFileId: v.optional(v.id("_storage")),
    /** In place of `archiveFileId`: the archive lies in a bucket. Stays when the row expires, so that a worker deletes it. */
    location: v.optional(v.string()),
    sha256: v.optional(v.string()),
    sizeBytes: v.optional(v.number()),
    status: vSnapshotStatus,
    error: v.optional(v.string()),
    createdAt: v.number(),
    completedAt: v.optional(v.number()),
    /** When the sweep looks at it; a year beyond all years while it is one of those that stay. */
    expiresAt: v.number(),
  })
    .index("by_memory", ["workspaceId", "agentKey", "conversationId", "status", "generation", "createdAt"])
    .index("by_conversationId_and_createdAt", ["conversationId", "createdAt"])
    .index("by_status_and_expiresAt", ["status", "expiresAt"])
    .index("by_archiveFileId", ["archiveFileId"]),
};
