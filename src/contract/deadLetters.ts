/** Messages whose attempts are used up, and replies whose delivery is uncertain. */
import { v } from "convex/values";
import { vRecordedReply } from "./queue.js";
import { vQueueItem } from "./queueReads.js";
import { lazy, mutation, opt, query } from "./row.js";

const vDeadLetter = lazy(() =>
  vQueueItem.extend({
    deadLetteredAt: v.number(),
    reply: v.union(vRecordedReply, v.null()),
  }),
);
/** Newest first; `before` is the `deadLetteredAt` of the last one seen. */
export const listDeadLetters = query("operators", { for: "admin" })(() => ({
  args: { limit: opt.number, before: opt.number },
  returns: v.array(vDeadLetter),
}));
/** One dead letter with what is known of its attempts; null when the message is none. */
export const inspectDeadLetter = query("operators", { for: "admin" })(() => ({
  args: { messageId: v.string() },
  returns: v.union(vDeadLetter, v.null()),
}));
/** Sends a dead letter round again, as a new arrival with no attempts behind it. */
export const redriveDeadLetter = mutation("operators", { for: "admin" })(() => ({
  args: { messageId: v.string() },
  returns: v.boolean(),
}));
/** Deletes dead letters: the one named, or up to `limit` of those that ended before `endedBefore`. */
export const purgeDeadLetters = mutation("operators", { for: "admin" })(() => ({
  args: {
    messageId: opt.string,
    endedBefore: opt.number,
    limit: opt.number,
  },
  returns: v.object({ purged: v.number(), more: v.boolean() }),
}));
/** Replies of which a part may or may not have been delivered; newest first. */
export const listAmbiguousReplies = query("operators", { for: "admin" })(() => ({
  args: { limit: opt.number },
  returns: v.array(
    v.object({
      messageId: v.string(),
      conversationId: v.string(),
      agentKey: v.string(),
      ambiguousAt: v.number(),
      reply: vRecordedReply,
    }),
  ),
}));
