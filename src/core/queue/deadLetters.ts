/** Messages given up for good: list, inspect, send round again, purge. And replies whose delivery is uncertain. */
import * as contract from "../../contract/deadLetters.js";
import { factoryError } from "../../contract/errors.js";
import { loadRuntime } from "../config/runtime.js";
import { asMutation, asQuery } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { clampLimit, readBounded } from "../bounds/bounded.js";
import { replyView } from "./hydrate.js";
import { messageIdOf } from "./lease.js";
import { requeue } from "./requeue.js";
import { queueItem } from "./reads.js";

const ended = (ctx: QueryCtx, before: number) =>
  ctx.db
    .query("messageQueue")
    .withIndex("by_ended", (q) => q.eq("status", "dead_letter").lt("endedAt", before));

function deadLetterView(message: Doc<"messageQueue">, maxAttempts: number) {
  return {
    ...queueItem(message, null, maxAttempts),
    deadLetteredAt: message.endedAt ?? message._creationTime,
    reply: message.reply ? replyView(message.reply) : null,
  };
}

export const listDeadLetters = asQuery(contract.listDeadLetters)(async (ctx, { limit, before }) => {
  const { policies } = await loadRuntime(ctx);
  const { rows } = await readBounded(
    ended(ctx, before ?? Infinity).order("desc"),
    clampLimit(limit, 50, 200),
  );
  return rows.map((row) => deadLetterView(row, policies.retry.maxAttempts));
});

export const inspectDeadLetter = asQuery(contract.inspectDeadLetter)(async (ctx, { messageId }) => {
  const message = await ctx.db.get(messageIdOf(ctx, messageId));
  if (message?.status !== "dead_letter") return null;
  return deadLetterView(message, (await loadRuntime(ctx)).policies.retry.maxAttempts);
});

export const redriveDeadLetter = asMutation(contract.redriveDeadLetter)(async (ctx, { messageId }) => {
  const message = await ctx.db.get(messageIdOf(ctx, messageId));
  if (!message) return false;
  if (message.status !== "dead_letter") {
    throw factoryError("not_a_dead_letter", `Message '${messageId}' is ${message.status}, not a dead letter`);
  }
  // Its last worker heard that the part did not go out, or its loss was marked when its lease expired.
  await requeue(ctx, message, { reply: message.reply && { ...message.reply, sending: false } });
  return true;
});

export const purgeDeadLetters = asMutation(contract.purgeDeadLetters)(async (ctx, args) => {
  if (args.messageId !== undefined) {
    const message = await ctx.db.get(messageIdOf(ctx, args.messageId));
    if (message?.status !== "dead_letter") return { purged: 0, more: false };
    await ctx.db.delete(message._id);
    return { purged: 1, more: false };
  }
  const { rows, capped } = await readBounded(
    ended(ctx, args.endedBefore ?? Infinity),
    clampLimit(args.limit, 100, 500),
  );
  for (const row of rows) await ctx.db.delete(row._id);
  return { purged: rows.length, more: capped };
});

export const listAmbiguousReplies = asQuery(contract.listAmbiguousReplies)(async (ctx, { limit }) => {
  const newestFirst = ctx.db
    .query("messageQueue")
    .withIndex("by_ambiguous", (q) => q.gt("ambiguousAt", 0))
    .order("desc");
  const { rows } = await readBounded(newestFirst, clampLimit(limit, 50, 200));
  return rows.flatMap((row) =>
    row.reply && row.ambiguousAt !== undefined
      ? [
          {
            messageId: row._id,
            conversationId: row.conversationId,
            agentKey: row.agentKey,
            ambiguousAt: row.ambiguousAt,
            reply: replyView(row.reply),
          },
        ]
      : [],
  );
});
