import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vFileKind } from "../../contract/attachments.js";

export const intakeTables = {
  /**
   * Albums of the last day: which message their parts go to. Cold: written per part, read by the next one and by the timer
   * that ends the collecting. Swept a day after the last part.
   */
  albums: defineTable({
    channel: v.string(),
    accountId: v.string(),
    chatId: v.string(),
    /** As the channel names it in each part. */
    albumId: v.string(),
    message: v.id("messageQueue"),
    /** A second after the last part. */
    openUntil: v.number(),
    /** By the channel's number of the part; at most one per part. */
    captions: v.array(v.object({ place: v.number(), text: v.string() })),
    /** What came so far, so that a part need not read the others. */
    files: v.array(v.object({ kind: vFileKind, fileId: v.string() })),
  })
    .index("by_album", ["channel", "accountId", "chatId", "albumId"])
    .index("by_openUntil", ["openUntil"]),

  /**
   * Events that a channel delivered and that could not become a message, kept for people. Cold: written by the intake (once
   * per event), read by listParkedUpdates, deleted by redriveParkedUpdate, discardParkedUpdate and a sweep after 30 days.
   */
  parkedUpdates: defineTable({
    channel: v.string(),
    accountId: v.string(),
    eventId: v.string(),
    parkedAt: v.number(),
    agentKey: v.string(),
    code: v.string(),
    message: v.string(),
    rawUpdateJson: v.string(),
    /** Only the beginning of the event was kept. */
    truncated: v.optional(v.boolean()),
  })
    .index("by_event", ["channel", "accountId", "eventId"])
    .index("by_parkedAt", ["parkedAt"]),
};
