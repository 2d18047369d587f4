import { defineTable } from "convex/server";
import { v } from "convex/values";
import { oneOf } from "../../contract/row.js";
import { vFileKind } from "../../contract/attachments.js";

export const attachmentsTables = {
  /**
   * One row per file of a message or a reply. `pending -> ready -> expired`, or `pending -> failed`. Cold: written when the
   * message comes in, by the fetching, when a reply is recorded, and by the sweep; read by hydration. A file is deleted
   * after `attachments.retentionMs`, its row 30 days later.
   */
  attachments: defineTable({
    message: v.id("messageQueue"),
    side: v.union(v.literal("message"), v.literal("reply")),
    /** Order within the side: as the channel counts its messages, so that an album is in its sender's order; 0, 1, … in a reply. */
    place: v.number(),
    kind: vFileKind,
    fileName: v.optional(v.string()),
    mimeType: v.optional(v.string()),
    sizeBytes: v.optional(v.number()),
    status: oneOf("pending", "ready", "failed", "expired"),
    error: v.optional(v.string()),
    storageId: v.optional(v.id("_storage")),
    /** What its channel gives it for, at this account. */
    fileId: v.optional(v.string()),
    channel: v.optional(v.string()),
    accountId: v.optional(v.string()),
    /** The event it came with: one that is delivered again adds nothing. */
    eventId: v.optional(v.string()),
    /** Tries to fetch it that were begun. */
    tries: v.number(),
    /** Pending: when the fetching gives up. */
    giveUpAt: v.optional(v.number()),
    /** Pending: by when the present try has ended; ready: when the file is deleted; otherwise: when the row is. */
    dueAt: v.number(),
  })
    .index("by_message", ["message", "side", "place"])
    .index("by_event", ["channel", "accountId", "eventId"])
    .index("by_storageId", ["storageId"])
    .index("by_due", ["status", "dueAt"]),
};
