/** Deletes what nobody needs any more, a batch of each kind per run. Writes `dataSnapshots`; deletes files. */
import { loadRuntime } from "../config/runtime.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { deleteFile } from "../attachments/sweep.js";
import { Batch } from "../bounds/batch.js";
import { dueSnapshots } from "./due.js";
import { readySnapshots, NEVER } from "./newest.js";

/** Each reads its neighbours and deletes a file. */
const MOST = 25;

/**
 * Superseded snapshots lose their file, uploads that were never finalized expire, and rows that say nothing any more go.
 * Returns how many rows it changed.
 */
export async function sweepSnapshots(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const { keep, uploadExpiryMs } = (await loadRuntime(ctx)).policies.snapshots;
  const now = Date.now();
  const due = dueSnapshots(ctx, now);
  for (const row of await batch.take(due.ready, { shares: 4, most: MOST })) {
    // The policy may keep more by now, or a newer one may be gone.
    if (await isKept(ctx, row, keep)) await ctx.db.patch(row._id, { expiresAt: NEVER });
    else await expire(ctx, row, now + uploadExpiryMs);
  }
  for (const row of await batch.take(due.uploading, { shares: 4, most: MOST }))
    await expire(ctx, row, now + uploadExpiryMs);
  for (const status of ["failed", "expired"] as const)
    for (const row of await batch.take(due[status], { shares: 4 })) await ctx.db.delete(row._id);
  return batch.rows;
}

async function isKept(ctx: MutationCtx, row: Doc<"dataSnapshots">, keep: number): Promise<boolean> {
  const { workspaceId: workspace, agentKey, conversationId } = row;
  if (conversationId === undefined) return false;
  const kept = await readySnapshots(ctx, { workspace, agentKey, conversationId }).take(keep);
  return kept.some(({ _id }) => _id === row._id);
}

/** The row stays a while, so that a list shows what became of it; one of an archive in a bucket until a worker was told to delete that. */
async function expire(ctx: MutationCtx, row: Doc<"dataSnapshots">, goneAt: number): Promise<void> {
  if (row.archiveFileId !== undefined) await deleteFile(ctx, row.archiveFileId);
  const expiresAt = row.location === undefined ? goneAt : NEVER;
  await ctx.db.patch(row._id, { status: "expired", archiveFileId: undefined, expiresAt });
}
