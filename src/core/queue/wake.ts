/** Own timers of conversations in backoff and delayed messages. An early timer is set again, never dropped. */
import { asMutation } from "../functions.js";
import { v } from "convex/values";
import { internal } from "../../component/_generated/api.js";
import type { Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { arrive, endBackoff } from "./model.js";

export const conversation = asMutation({
  args: { conversation: v.id("conversations") },
  returns: v.boolean(),
})((ctx, args) => wakeConversation(ctx, args.conversation));

/** backoff → ready once the wait is over; anything else is left alone. */
async function wakeConversation(ctx: MutationCtx, id: Id<"conversations">): Promise<boolean> {
  const row = await ctx.db.get(id);
  if (row?.state !== "backoff" || row.wakeAt === undefined || row.head === undefined) return false;
  if (row.wakeAt > Date.now()) {
    await ctx.scheduler.runAt(row.wakeAt, internal.queue.wakeConversation, { conversation: id });
    return false;
  }
  const head = await ctx.db.get(row.head);
  if (!head) return false;
  await endBackoff(ctx, row, head);
  return true;
}

export const message = asMutation({ args: { message: v.id("messageQueue") }, returns: v.boolean() })(
  (ctx, args) => admitMessage(ctx, args.message),
);

/** delayed → queued: the message takes its place in line now, behind what arrived before. */
async function admitMessage(ctx: MutationCtx, id: Id<"messageQueue">): Promise<boolean> {
  const row = await ctx.db.get(id);
  if (row?.status !== "delayed") return false;
  if (row.dueAt > Date.now()) {
    await ctx.scheduler.runAt(row.dueAt, internal.queue.admitMessage, { message: id });
    return false;
  }
  await ctx.db.patch(id, { status: "queued", seq: ctx.db.vars.commitTs });
  const owner = await ctx.db.get(row.conversation);
  if (owner) await arrive(ctx, owner, row);
  return true;
}
