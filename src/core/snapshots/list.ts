/** What people may know about a conversation's snapshots. */
import * as contract from "../../contract/snapshots.js";
import { asQuery } from "../functions.js";
import { clampLimit } from "../bounds/bounded.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

export interface ListOptions {
  conversationId: string;
  /** 1..200, default 50. */
  limit?: number;
  /** Only rows created before this, epoch ms. */
  before?: number;
  /** For the host alone: a URL opens the archive to whoever has it. Default false. */
  includeDownloadUrls?: boolean;
}

/** All statuses, newest first. Reads `limit` documents. */
export async function listForConversation(
  ctx: QueryCtx,
  options: ListOptions,
): Promise<contract.SnapshotView[]> {
  const rows = await ctx.db
    .query("dataSnapshots")
    .withIndex("by_conversationId_and_createdAt", (q) => {
      const all = q.eq("conversationId", options.conversationId);
      return options.before === undefined ? all : all.lt("createdAt", options.before);
    })
    .order("desc")
    .take(clampLimit(options.limit, 50, 200));
  return await Promise.all(rows.map((row) => viewOf(ctx, row, options.includeDownloadUrls ?? false)));
}

async function viewOf(
  ctx: QueryCtx,
  row: Doc<"dataSnapshots">,
  withUrl: boolean,
): Promise<contract.SnapshotView> {
  const { status, archiveFileId } = row;
  const restorable = withUrl && status === "ready" && archiveFileId !== undefined;
  const { _id: snapshotId, createdAt, sizeBytes = null, sha256 = null, conversationId = null } = row;
  const downloadUrl = restorable ? await ctx.storage.getUrl(archiveFileId) : null;
  return { snapshotId, createdAt, sizeBytes, sha256, downloadUrl, status, conversationId };
}

export const listSnapshotsForConversation = asQuery(contract.listSnapshotsForConversation)(
  listForConversation,
);
