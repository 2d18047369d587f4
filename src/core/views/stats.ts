/** Counts and snapshots of one user's agent. Bounded: no count goes beyond 200 documents. */
import * as contract from "../../contract/views.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { asQuery } from "../functions.js";
import { activeBinding } from "../identity/bindings.js";
import { readBounded } from "../bounds/bounded.js";
import type { Pair } from "./agents.js";
import { conversationOf } from "./conversation.js";
import { targetConversationId } from "../identity/conversation.js";
import { listForConversation } from "../snapshots/list.js";

const MAX_COUNTED = 200;
/** Per status; with the jobs, three of them stay below what a transaction may read (16 MiB). */
const MAX_BYTES = 2_750_000;
const MAX_JOB_BYTES = 2 * 1024 * 1024;

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
  return (await readBounded(rows, MAX_COUNTED, MAX_BYTES)).rows.length;
}

export const listSnapshotsForUserAgent = asQuery(contract.listSnapshotsForUserAgent)(async (ctx, args) => {
  const conversationId = await targetConversationId(ctx, args);
  const { limit, before, includeDownloadUrls } = args;
  return await listForConversation(ctx, { conversationId, limit, before, includeDownloadUrls });
});

export const getLatestSnapshotForUserAgent = asQuery(contract.getLatestSnapshotForUserAgent)(async (
  ctx,
  args,
) => {
  const conversationId = await targetConversationId(ctx, args);
  const { includeDownloadUrls } = args;
  const [newest] = await listForConversation(ctx, { conversationId, limit: 1, includeDownloadUrls });
  return newest ?? null;
});

/** Each count stops at 200, that of jobs with very long texts earlier. */
async function pushStatsOfAgent(ctx: QueryCtx, { consumerUserId, agentKey }: Pair) {
  const newestFirst = ctx.db
    .query("messagePushJobs")
    .withIndex("by_agent", (q) => q.eq("consumerUserId", consumerUserId).eq("agentKey", agentKey))
    .order("desc");
  const { rows: jobs } = await readBounded(newestFirst, MAX_COUNTED, MAX_JOB_BYTES);
  const dispatches = await ctx.db
    .query("messagePushDispatches")
    .withIndex("by_agent", (q) => q.eq("consumerUserId", consumerUserId).eq("agentKey", agentKey))
    .order("desc")
    .take(MAX_COUNTED);
  return {
    totalPushJobs: jobs.length,
    activePushJobs: jobs.filter((job) => job.enabled).length,
    totalDispatches: dispatches.length,
    latestDispatchAt: dispatches[0]?.createdAt ?? null,
  };
}
