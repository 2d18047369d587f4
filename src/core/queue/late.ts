/**
 * What a worker says after its lease has expired. It knows better than the expiry, which had to take the announced part for
 * doubtful: it has finished all the same, or it was only held up (a paused process, a lost network) and did not send the part,
 * or it has an answer that nobody recorded. Rare, so it is no part of the module in which messages end.
 */
import { v, type ObjectType } from "convex/values";
import { settle } from "../../contract/queue.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { asMutation } from "../functions.js";
import { endHead } from "./model.js";
import { flush, record } from "./reply.js";
import { requeue } from "./requeue.js";

const { turns, reply, sendingPart, ambiguousParts } = settle.args;
const said = v.object({ turns, reply, sendingPart, ambiguousParts });
type Said = ObjectType<{ said: typeof said }>["said"];
const ended = v.object({
  status: v.union(v.literal("done"), v.literal("queued")),
  nextScheduledFor: v.union(v.number(), v.null()),
});
type Ended = ObjectType<{ ended: typeof ended }>["ended"];

/** Writes it down unless somebody has claimed again; null: it changed nothing. `head`: the message still heads this conversation. */
export const hear = asMutation({
  args: {
    head: v.optional(v.id("conversations")),
    lease: v.id("leases"),
    message: v.id("messageQueue"),
    worker: v.string(),
    completes: v.boolean(),
    said,
  },
  returns: v.union(ended, v.null()),
})(async (ctx, { head, lease: id, worker, completes, ...args }) => {
  const lease = await ctx.db.get(id);
  const message = await ctx.db.get(args.message);
  if (lease?.state !== "expired" || lease.worker !== worker || !message) return null;
  const conversation = head ? await ctx.db.get(head) : null;
  if (!conversation && message.endedBy !== id) return null;
  if (completes) await ctx.db.patch(id, { state: "ended", ...(head && { seenAt: Date.now() }) });
  if (conversation) {
    const held = { conversation, message, lease: id };
    return completes ? await completeHead(ctx, held, args.said) : await correctHead(ctx, held, args.said);
  }
  if (completes) {
    await ctx.db.patch(message._id, { status: "done", lastError: undefined });
    if ((args.said.ambiguousParts ?? []).length === 0) await clearAmbiguity(ctx, message);
    return { status: "done", nextScheduledFor: null };
  }
  const unsent = notSent(message, args.said.sendingPart);
  if (unsent && message.status === "dead_letter") await ctx.db.patch(message._id, unsent);
  if (!unsent || message.status !== "done") return null;
  // Passed over as the last part of its answer: it goes on behind what waits by now, which is late but not lost.
  await requeue(ctx, message, unsent);
  return { status: "queued", nextScheduledFor: Date.now() };
});

interface Head {
  conversation: Doc<"conversations">;
  message: Doc<"messageQueue">;
  lease: Id<"leases">;
}

async function completeHead(
  ctx: MutationCtx,
  { conversation, message, lease }: Head,
  of: Said,
): Promise<Ended> {
  const recorded = await record(ctx, conversation, message._id, of);
  await flush(ctx, { conversation, message: message._id }, recorded);
  if (recorded.message.ambiguousAt === undefined) await clearAmbiguity(ctx, await ctx.db.get(message._id));
  await endHead(ctx, conversation, { status: "done", lease, attempts: conversation.attempts });
  return { status: "done", nextScheduledFor: null };
}

async function correctHead(
  ctx: MutationCtx,
  { conversation, message }: Head,
  of: Said,
): Promise<Ended | null> {
  const recorded = await record(ctx, conversation, message._id, { turns: of.turns, reply: of.reply });
  await flush(ctx, { conversation, message: message._id }, recorded);
  const unsent = notSent(message, of.sendingPart);
  if (unsent) await ctx.db.patch(message._id, unsent);
  if (unsent === null && Object.keys(recorded.message).length === 0) return null;
  return { status: "queued", nextScheduledFor: conversation.wakeAt ?? Date.now() };
}

/** The worker heard of every part in the end. */
async function clearAmbiguity(ctx: MutationCtx, message: Doc<"messageQueue"> | null): Promise<void> {
  if (message?.ambiguousAt === undefined || !message.reply) return;
  await ctx.db.patch(message._id, {
    ambiguousAt: undefined,
    reply: { ...message.reply, ambiguousParts: [] },
  });
}

/** What changes on a message whose part `next` was taken for doubtful at an expiry although it was never sent; null: nothing. */
function notSent(
  { reply }: Doc<"messageQueue">,
  next: number | undefined,
): Pick<Doc<"messageQueue">, "reply" | "ambiguousAt"> | null {
  if (!reply || reply.sending || next !== reply.nextPart - 1 || !reply.ambiguousParts.includes(next))
    return null;
  const ambiguousParts = reply.ambiguousParts.filter((part) => part !== next);
  return {
    reply: { ...reply, nextPart: next, ambiguousParts },
    ...(ambiguousParts.length === 0 && { ambiguousAt: undefined }),
  };
}
