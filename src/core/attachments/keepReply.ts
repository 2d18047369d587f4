/** The files of a recorded reply: kept for a worker that resumes, deleted after their retention. Writes `attachments`. */
import type { ReplyFile } from "../../contract/attachments.js";
import { factoryError } from "../../contract/errors.js";
import type { Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { fileExpiry } from "./receive.js";

/**
 * Throws `invalid_argument` for an id that names no file of this message's: whatever is recorded here is delivered, and
 * deleted in time, so it must have come up after the claim and belong to nothing else.
 */
export async function keepReplyFiles(
  ctx: MutationCtx,
  { message, lease }: { message: Id<"messageQueue">; lease: Id<"leases"> | undefined },
  files: readonly ReplyFile[],
): Promise<void> {
  if (files.length === 0) return;
  const dueAt = await fileExpiry(ctx);
  const claimedAt = (lease && (await ctx.db.get(lease)))?._creationTime ?? Infinity;
  for (const [place, { kind, fileName, mimeType, sizeBytes, storageId }] of files.entries()) {
    const id = ctx.db.system.normalizeId("_storage", storageId);
    const stored = id && (await ctx.db.system.get(id));
    if (!id || !stored || stored._creationTime < claimedAt || (await isTaken(ctx, id)))
      throw factoryError("invalid_argument", "reply.files must name files that were uploaded for it");
    const facts = { kind, fileName, mimeType, sizeBytes, storageId: id };
    const row = { message, side: "reply" as const, place, status: "ready" as const, tries: 0, dueAt };
    await ctx.db.insert("attachments", { ...row, ...facts });
  }
}

/** Somebody else's file would be deleted with this reply. */
async function isTaken(ctx: MutationCtx, storageId: Id<"_storage">): Promise<boolean> {
  const row = await ctx.db
    .query("attachments")
    .withIndex("by_storageId", (q) => q.eq("storageId", storageId))
    .first();
  return row !== null;
}
