/** The messages of a user's conversation with an agent, newest first. Bounded by count and by size. */
import type { QueueStatus } from "../../contract/queue.js";
import * as contract from "../../contract/views.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { asQuery } from "../functions.js";
import { targetConversationId } from "../identity/conversation.js";
import { clampLimit, readBounded } from "../bounds/bounded.js";
import { findConversation } from "../queue/enqueue.js";
import { queueItem } from "../queue/reads.js";
import type { Pair } from "./agentView.js";

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

export async function newestItems(
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
