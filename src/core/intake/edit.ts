/** An edit reaches the agent only while its message waits: then the new text takes the place of the old. */
import { v } from "convex/values";
import { errorDataOf } from "../../contract/errors.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import { loadRuntime } from "../config/runtime.js";
import { asMutation } from "../functions.js";
import { checkedPayload, findConversation } from "../queue/enqueue.js";

/** The newest waiting messages of the chat, of at most 1 MiB, that are looked at; people edit what they just wrote. */
const MAX_LOOKED_AT = 8;

/** Writes one `messageQueue` row, or nothing: for a message that was claimed, is unknown, or would become too long. */
export const replaceWaitingText = asMutation({
  args: { conversationId: v.string(), externalMessageId: v.string(), messageText: v.string() },
  returns: v.null(),
})(async (ctx, { conversationId, externalMessageId, messageText }) => {
  const conversation = await findConversation(ctx, conversationId);
  if (!conversation) return null;
  const waiting = await ctx.db
    .query("messageQueue")
    .withIndex("by_conversation", (q) => q.eq("conversation", conversation._id).eq("status", "queued"))
    .order("desc")
    .take(MAX_LOOKED_AT);
  const message = waiting.find((row) => row.payload.externalMessageId === externalMessageId);
  if (!message || wasClaimed(conversation, message)) return null;
  const { policies } = await loadRuntime(ctx);
  try {
    const payload = checkedPayload({ ...message.payload, messageText }, policies.queue);
    await ctx.db.patch(message._id, { payload });
  } catch (error) {
    if (errorDataOf(error) === null) throw error;
  }
  return null;
});

/** A worker has seen this text already, even if it failed. */
const wasClaimed = (conversation: Doc<"conversations">, message: Doc<"messageQueue">): boolean =>
  conversation.head === message._id &&
  (conversation.state === "held" || conversation.attempts > 0 || conversation.failing !== undefined);
