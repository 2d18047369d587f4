/** A snapshot that could not be taken. Never touches a ready one. Writes `dataSnapshots`; deletes the file if it was uploaded. */
import * as contract from "../../contract/snapshots.js";
import { hexOfSha256 } from "../../policy/snapshots/sha256.js";
import { asMutation } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { findOwnSnapshot } from "./own.js";
import { cutText } from "../../policy/text/cut.js";

const MAX_ERROR_CHARS = 500;

export const failDataSnapshotUpload = asMutation(contract.failDataSnapshotUpload)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const row = await findOwnSnapshot(ctx, grant, args);
  if (!row || (row.status !== "uploading" && row.status !== "failed")) return false;
  if (row.status === "uploading") {
    await ctx.db.patch(row._id, { status: "failed", error: cutText(args.error, MAX_ERROR_CHARS) });
    if (args.upload) await removeUpload(ctx, row, args.upload);
  }
  return true;
});

/**
 * Deletes the file if it is newer than the row, no snapshot, and has the hash that its uploader knows: other domains store
 * files too, and an id alone must not be enough to delete one. It meets a finalize of this very row or file and no other: whoever
 * comes second must see whether the file became memory.
 */
async function removeUpload(
  ctx: MutationCtx,
  row: Doc<"dataSnapshots">,
  upload: { storageId: string; sha256: string },
): Promise<void> {
  const id = ctx.db.system.normalizeId("_storage", upload.storageId);
  const file = id && (await ctx.db.system.get(id));
  const sha256 = hexOfSha256(upload.sha256);
  if (!id || !file || sha256 === null || sha256 !== hexOfSha256(file.sha256)) return;
  if (file._creationTime < row._creationTime) return;
  const used = await ctx.db
    .query("dataSnapshots")
    .withIndex("by_archiveFileId", (q) => q.eq("archiveFileId", id))
    .first();
  if (!used) await ctx.storage.delete(id);
}
