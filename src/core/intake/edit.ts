/** An edit reaches the agent only while its message waits: then the new text takes the place of the old. */
import { errorDataOf } from "../../contract/errors.js";
import type { ReadableMessage } from "../../policy/telegram/parseUpdate.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { checkedPayload, findConversation } from "../queue/enqueue.js";
import { conversationOf, type Route } from "./route.js";

/** The newest waiting messages of the chat, of at most 1 MiB, that are looked at; people edit what they just wrote. */
const MAX_LOOKED_AT = 8;

/** Writes one `messageQueue` row, or nothing: for a message that was claimed, is unknown, or would become too long. */
export async function replaceWaitingText(
  ctx: MutationCtx,
  edited: ReadableMessage,
  botId: string,
  route: Route,
): Promise<void> {
  const conversation = await findConversation(ctx, await conversationOf(ctx, edited, botId, route));
  if (!conversation) return;
  const waiting = await ctx.db
    .query("messageQueue")
    .withIndex("by_conversation", (q) => q.eq("conversation", conversation._id).eq("status", "queued"))
    .order("desc")
    .take(MAX_LOOKED_AT);
  const message = waiting.find((row) => row.payload.externalMessageId === edited.externalMessageId);
  if (!message || wasClaimed(conversation, message)) return;
  const { policies } = await loadRuntime(ctx);
  try {
    const changed = { ...message.payload, messageText: edited.messageText };
    await ctx.db.patch(message._id, { payload: checkedPayload(changed, policies.queue) });
  } catch (error) {
    if (errorDataOf(error) === null) throw error;
  }
}

/** A worker has seen this text already, even if it failed. */
const wasClaimed = (conversation: Doc<"conversations">, message: Doc<"messageQueue">): boolean =>
  conversation.head === message._id &&
  (conversation.state === "held" || conversation.attempts > 0 || conversation.failing !== undefined);
