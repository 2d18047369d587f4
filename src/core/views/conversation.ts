/** A user's conversation with an agent, as an app shows it. Bounded: the newest turns and the newest messages. */
import * as contract from "../../contract/views.js";
import type { HistoryItem, QueueStatus } from "../../contract/queue.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { asQuery } from "../functions.js";
import { targetConversationId } from "../identity/conversation.js";
import { findConversation } from "../queue/enqueue.js";
import { loadRuntime } from "../config/runtime.js";
import { clampLimit, readBounded } from "../bounds/bounded.js";
import { queueItem } from "../queue/reads.js";
import type { Pair } from "./agents.js";

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

type Stored = Doc<"messageQueue">["status"];
/** The stored statuses behind each word of the view; `processing` is the head of a held conversation alone. */
const STORED: Record<QueueStatus, readonly Stored[]> = {
  queued: ["queued", "delayed"],
  processing: [],
  done: ["done"],
  dead_letter: ["dead_letter"],
  failed: [],
};
const ALL: readonly QueueStatus[] = ["queued", "processing", "done", "dead_letter"];
/** With the history of a conversation view and a row per status, about half of what a transaction may read (16 MiB). */
const MAX_BYTES = 2_750_000;

/** The pair's conversation; null while nothing was said. */
export async function conversationOf(ctx: QueryCtx, pair: Pair): Promise<Doc<"conversations"> | null> {
  return await findConversation(ctx, await targetConversationId(ctx, pair));
}

export const listQueueItemsForUserAgent = asQuery(contract.listQueueItemsForUserAgent)(async (ctx, args) => {
  const conversation = await conversationOf(ctx, args);
  return conversation ? await newestItems(ctx, conversation, args) : [];
});

async function newestItems(
  ctx: QueryCtx,
  conversation: Doc<"conversations">,
  options: { statuses?: QueueStatus[]; limit?: number; before?: number },
) {
  const wanted = new Set(options.statuses ?? ALL);
  const inFlight = conversation.state === "held" ? conversation.head : undefined;
  const messages = newestFirst(ctx, conversation, { wanted, inFlight, before: options.before });
  const { policies } = await loadRuntime(ctx);
  const { rows } = await readBounded(messages, clampLimit(options.limit, 100, 500), MAX_BYTES);
  return rows.map((row) => queueItem(row, conversation, policies.retry.maxAttempts));
}

interface Wanted {
  wanted: ReadonlySet<QueueStatus>;
  inFlight: Id<"messageQueue"> | undefined;
  before: number | undefined;
}

/** The wanted rows as one sequence; reads one row per status more than it gives, and the one in flight. */
async function* newestFirst(
  ctx: QueryCtx,
  conversation: Doc<"conversations">,
  { wanted, inFlight, before = Infinity }: Wanted,
): AsyncGenerator<Doc<"messageQueue">> {
  const statuses = [...wanted].flatMap((status) => STORED[status]);
  const ofStatus = (status: Stored) =>
    ctx.db
      .query("messageQueue")
      .withIndex("by_conversation_and_status", (q) =>
        q.eq("conversation", conversation._id).eq("status", status).lt("_creationTime", before),
      )
      .order("desc");
  const streams: AsyncIterator<Doc<"messageQueue">>[] = statuses.map((status) =>
    ofStatus(status)[Symbol.asyncIterator](),
  );
  if (wanted.has("processing") && !wanted.has("queued")) streams.push(only(ctx, inFlight, before));
  const heads = await Promise.all(streams.map((stream) => stream.next()));
  for (;;) {
    let newest = -1;
    for (const [index, head] of heads.entries()) {
      const best = heads[newest];
      if (head.done === true) continue;
      if (best === undefined || best.done === true || head.value._creationTime > best.value._creationTime)
        newest = index;
    }
    const head = heads[newest];
    const stream = streams[newest];
    if (head === undefined || head.done === true || stream === undefined) return;
    if (wanted.has("processing") || head.value._id !== inFlight) yield head.value;
    heads[newest] = await stream.next();
  }
}

async function* only(
  ctx: QueryCtx,
  id: Id<"messageQueue"> | undefined,
  before: number,
): AsyncGenerator<Doc<"messageQueue">, undefined> {
  const row = id && (await ctx.db.get(id));
  if (row && row._creationTime < before) yield row;
}
