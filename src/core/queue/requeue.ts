/** An ended message goes round again: a dead letter that is redriven, an answer that was never sent. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { arrive } from "./model.js";

/** Puts it behind what waits by now, with all its attempts before it. */
export async function requeue(
  ctx: MutationCtx,
  message: Doc<"messageQueue">,
  also: Partial<Pick<Doc<"messageQueue">, "reply" | "ambiguousAt">>,
): Promise<void> {
  await ctx.db.patch(message._id, {
    ...also,
    status: "queued",
    seq: ctx.db.vars.commitTs,
    dueAt: Date.now(),
    endedAt: undefined,
    endedBy: undefined,
    attempts: undefined,
    lastError: undefined,
  });
  const conversation = await ctx.db.get(message.conversation);
  if (conversation) await arrive(ctx, conversation, message);
}
