/** The snapshots of a user's conversation with an agent, and of no other. */
import * as contract from "../../contract/views.js";
import { asQuery } from "../functions.js";
import { targetConversationId } from "../identity/conversation.js";
import { listForConversation } from "../snapshots/list.js";

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
