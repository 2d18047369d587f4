/** The files of a message and of its reply as workers see them. No writes. */
import type { Infer } from "convex/values";
import type { Attachment, ReplyFile, vRecordedReplyFile } from "../../contract/attachments.js";
import { fileIdField } from "../../policy/compat/names.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/** Most files of one message: an album has at most ten. */
export const MAX_FILES = 20;

export const filesOf = (
  ctx: QueryCtx,
  message: Id<"messageQueue">,
  side: Doc<"attachments">["side"],
): Promise<Doc<"attachments">[]> =>
  ctx.db
    .query("attachments")
    .withIndex("by_message", (q) => q.eq("message", message).eq("side", side))
    .take(MAX_FILES);

/** Undefined for a message that came without; reads nothing then. */
export async function attachmentsOf(
  ctx: QueryCtx,
  message: Doc<"messageQueue">,
): Promise<Attachment[] | undefined> {
  if (message.hasAttachments !== true) return undefined;
  const rows = await filesOf(ctx, message._id, "message");
  return await Promise.all(rows.map((row) => viewOf(ctx, row)));
}

async function viewOf(ctx: QueryCtx, row: Doc<"attachments">): Promise<Attachment> {
  const { kind, fileName, mimeType, sizeBytes, fileId, storageId } = row;
  const facts = { kind, fileName, mimeType, sizeBytes, ...fileIdField(fileId) };
  if (row.status === "expired") return { ...facts, status: "expired" };
  const downloadUrl = storageId && (await ctx.storage.getUrl(storageId));
  if (row.status === "ready" && downloadUrl)
    return { ...facts, status: "ready", storageId, downloadUrl, expiresAt: row.dueAt };
  // The message's wait is over: for this attempt, what is not there will not come.
  const error =
    row.error ?? (row.status === "ready" ? "The file is gone" : "The file was not fetched in time");
  return { ...facts, status: "failed", error };
}

/** The files of a recorded reply, with a URL where they still exist. */
export function replyFilesOf(
  ctx: QueryCtx,
  files: readonly ReplyFile[],
): Promise<Infer<typeof vRecordedReplyFile>[]> {
  return Promise.all(
    files.map(async (file) => {
      const id = ctx.db.system.normalizeId("_storage", file.storageId);
      const downloadUrl = id && (await ctx.storage.getUrl(id));
      return downloadUrl ? { ...file, downloadUrl } : file;
    }),
  );
}
