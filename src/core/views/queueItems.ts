/** The messages of a user's conversation with an agent, newest first. Bounded by count and by size. */
import type { QueueStatus } from "../../contract/queue.js";
import * as contract from "../../contract/views.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { asQuery } from "../functions.js";
import { targetConversationId } from "../identity/conversation.js";
import { clampLimit } from "../queue/bounded.js";
import { findConversation } from "../queue/enqueue.js";
import { queueItem } from "../queue/reads.js";
import type { Pair } from "./agentView.js";

type Stored = Doc<"messageQueue">["status"];
/** The stored statuses behind each word of the view; `processing` is the head of a held conversation. */
const STORED: Record<QueueStatus, readonly Stored[]> = {
  queued: ["queued", "delayed"],
  processing: ["queued"],
  done: ["done"],
  dead_letter: ["dead_letter"],
  failed: [],
};
const ALL: readonly QueueStatus[] = ["queued", "processing", "done", "dead_letter"];
/** With the history of a conversation view, below half of what a transaction may read, counting 3 bytes a character. */
const MAX_CHARS = 1_000_000;

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
  const limit = clampLimit(options.limit, 100, 500);
  const inFlight = conversation.state === "held" ? conversation.head : undefined;
  const isWanted = (row: Doc<"messageQueue">): boolean =>
    row.status !== "queued" || wanted.has(row._id === inFlight ? "processing" : "queued");
  const rows: Doc<"messageQueue">[] = [];
  let chars = 0;
  for await (const row of newestFirst(ctx, conversation, storedStatuses(wanted, inFlight), options.before)) {
    if (!isWanted(row)) continue;
    chars += charsOf(row);
    if (rows.length > 0 && chars > MAX_CHARS) break;
    rows.push(row);
    if (rows.length === limit) break;
  }
  const { policies } = await loadRuntime(ctx);
  return rows.map((row) => queueItem(row, conversation, policies.retry.maxAttempts));
}

function storedStatuses(wanted: ReadonlySet<QueueStatus>, inFlight: string | undefined): Stored[] {
  const visible = [...wanted].filter((status) => status !== "processing" || inFlight !== undefined);
  return [...new Set(visible.flatMap((status) => STORED[status]))];
}

const charsOf = ({ payload, reply }: Doc<"messageQueue">): number =>
  payload.messageText.length + (payload.rawUpdateJson?.length ?? 0) + (reply?.text.length ?? 0);

/** The rows of several statuses as one sequence; reads one row per status more than it gives. */
async function* newestFirst(
  ctx: QueryCtx,
  conversation: Doc<"conversations">,
  statuses: Stored[],
  before: number | undefined,
): AsyncGenerator<Doc<"messageQueue">> {
  const streams = statuses.map((status) => {
    const rows = ctx.db
      .query("messageQueue")
      .withIndex("by_conversation_and_status", (q) => {
        const ofStatus = q.eq("conversation", conversation._id).eq("status", status);
        return before === undefined ? ofStatus : ofStatus.lt("_creationTime", before);
      })
      .order("desc");
    return rows[Symbol.asyncIterator]();
  });
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
    yield head.value;
    heads[newest] = await stream.next();
  }
}
