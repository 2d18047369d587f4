/** The end of a wait for files. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { endBackoff } from "./model.js";

/** The files of a message are there (or will not come): its conversation comes into line, if this is all it waited for. */
export async function stopWaiting(ctx: MutationCtx, message: Doc<"messageQueue">): Promise<void> {
  if (message.waiting === undefined) return;
  await ctx.db.patch(message._id, { waiting: undefined });
  const conversation = await ctx.db.get(message.conversation);
  if (conversation?.state !== "backoff" || conversation.head !== message._id) return;
  // A backoff with no failure behind it is a wait for files; the other ones keep their time.
  if (conversation.attempts === 0 && conversation.failing === undefined)
    await endBackoff(ctx, conversation, message);
}
