/** Counts for one user's agent. Bounded: no count goes beyond 200 documents. */
import * as contract from "../../contract/views.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { asQuery } from "../functions.js";
import { activeBinding } from "../identity/bindings.js";
import { pushStatsOfAgent } from "../pushing/stats.js";
import type { Pair } from "./agentView.js";
import { conversationOf } from "./queueItems.js";

const MAX_COUNTED = 200;
/** Per status; three of them stay below what a transaction may read, counting 3 bytes a character. */
const MAX_CHARS = 1_000_000;

export const getUserAgentPushStats = asQuery(contract.getUserAgentPushStats)(pushStatsOfAgent);

export const getUserAgentConversationStats = asQuery(contract.getUserAgentConversationStats)(
  conversationStatsOfAgent,
);

export const getUserAgentUsageStats = asQuery(contract.getUserAgentUsageStats)(async (ctx, args) => ({
  ...(await pushStatsOfAgent(ctx, args)),
  ...(await conversationStatsOfAgent(ctx, args)),
}));

async function conversationStatsOfAgent(ctx: QueryCtx, pair: Pair) {
  const binding = await activeBinding(ctx, pair.consumerUserId);
  const conversation = binding?.agentKey === pair.agentKey ? await conversationOf(ctx, pair) : null;
  if (!conversation) return { contextMessages: 0, queuedMessages: 0, failedMessages: 0 };
  const waiting = await countOf(ctx, conversation, "queued");
  const delayed = await countOf(ctx, conversation, "delayed");
  return {
    contextMessages: conversation.turnCount,
    queuedMessages: Math.min(waiting + delayed, MAX_COUNTED),
    failedMessages: await countOf(ctx, conversation, "dead_letter"),
  };
}

/** Counting reads whole messages, so very large ones end the count before 200. */
async function countOf(
  ctx: QueryCtx,
  conversation: Doc<"conversations">,
  status: Doc<"messageQueue">["status"],
): Promise<number> {
  const rows = ctx.db
    .query("messageQueue")
    .withIndex("by_conversation_and_status", (q) =>
      q.eq("conversation", conversation._id).eq("status", status),
    );
  let count = 0;
  let chars = 0;
  for await (const { payload } of rows) {
    chars += payload.messageText.length + (payload.rawUpdateJson?.length ?? 0);
    count += 1;
    if (count === MAX_COUNTED || chars > MAX_CHARS) break;
  }
  return count;
}
