/** A user's conversation with an agent, as an app shows it. Bounded: the newest turns and the newest messages. */
import * as contract from "../../contract/views.js";
import type { HistoryItem } from "../../contract/queue.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { asQuery } from "../functions.js";
import { targetConversationId } from "../identity/conversation.js";
import { findConversation } from "../queue/enqueue.js";
import { newestItems } from "./queueItems.js";

const MAX_TURNS = 200;
/** Far below half of what a transaction may read, counting 3 bytes a character; the rest is for the messages. */
const MAX_CHARS = 1_000_000;
/** How far back the newest turn of each side is looked for when an older page is shown. */
const RECENT_TURNS = 10;

export const getConversationViewForUserAgent = asQuery(contract.getConversationViewForUserAgent)(async (
  ctx,
  args,
) => {
  const conversationId = await targetConversationId(ctx, args);
  const conversation = await findConversation(ctx, conversationId);
  if (!conversation) return emptyView(conversationId);
  const page = await turnsBefore(ctx, conversation, args.before, MAX_TURNS);
  const recent =
    args.before === undefined
      ? page.turns
      : (await turnsBefore(ctx, conversation, undefined, RECENT_TURNS)).turns;
  const queueItems = await newestItems(ctx, conversation, { limit: args.limit });
  return {
    conversationId,
    contextHistory: page.turns,
    pendingToolCalls: [],
    queueItems,
    hasQueuedJobs: await hasQueued(ctx, conversation),
    latestMessageId: queueItems[0]?._id ?? null,
    lastUserMessageAt: lastOf(recent, "user"),
    lastAssistantMessageAt: lastOf(recent, "assistant"),
    nextBefore: page.nextBefore,
  };
});

const emptyView = (conversationId: string) => ({
  conversationId,
  contextHistory: [],
  pendingToolCalls: [],
  queueItems: [],
  hasQueuedJobs: false,
  latestMessageId: null,
  lastUserMessageAt: null,
  lastAssistantMessageAt: null,
  nextBefore: null,
});

/** Oldest first, always at least one when there is any; `nextBefore` is null when nothing older is left. */
async function turnsBefore(
  ctx: QueryCtx,
  conversation: Doc<"conversations">,
  before: number | undefined,
  limit: number,
): Promise<{ turns: HistoryItem[]; nextBefore: number | null }> {
  const newestFirst = ctx.db
    .query("turns")
    .withIndex("by_conversation", (q) => {
      const all = q.eq("conversation", conversation._id);
      return before === undefined ? all : all.lt("_creationTime", before);
    })
    .order("desc");
  const rows: Doc<"turns">[] = [];
  let chars = 0;
  for await (const row of newestFirst) {
    chars += row.content.length;
    if (rows.length === limit || (rows.length > 0 && chars > MAX_CHARS)) {
      return { turns: asHistory(rows), nextBefore: rows.at(-1)?._creationTime ?? null };
    }
    rows.push(row);
  }
  return { turns: asHistory(rows), nextBefore: null };
}

const asHistory = (newestFirst: Doc<"turns">[]): HistoryItem[] =>
  newestFirst.map(({ role, content, at }) => ({ role, content, at })).reverse();

const lastOf = (turns: HistoryItem[], role: HistoryItem["role"]): number | null =>
  turns.findLast((turn) => turn.role === role)?.at ?? null;

/** An idle conversation has nothing in line; it may still have messages that are not due. */
async function hasQueued(ctx: QueryCtx, conversation: Doc<"conversations">): Promise<boolean> {
  if (conversation.state !== "idle") return true;
  const delayed = await ctx.db
    .query("messageQueue")
    .withIndex("by_conversation", (q) => q.eq("conversation", conversation._id).eq("status", "delayed"))
    .first();
  return delayed !== null;
}
