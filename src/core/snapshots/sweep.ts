/** Deletes what nobody needs any more, a batch of each kind per run. Writes `dataSnapshots`; deletes files. */
import { loadRuntime } from "../config/runtime.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { dueSnapshots } from "./due.js";
import { readySnapshots } from "./newest.js";
import { NEVER } from "./retention.js";

const BATCH = 25;

/**
 * Superseded snapshots lose their file, uploads that were never finalized expire, and rows that say nothing any more go.
 * Returns how many rows it changed.
 */
export async function sweepSnapshots(ctx: MutationCtx): Promise<number> {
  const { keep, uploadExpiryMs } = (await loadRuntime(ctx)).policies.snapshots;
  const now = Date.now();
  const due = dueSnapshots(ctx, now);
  let swept = 0;
  for (const row of await due.ready.take(BATCH)) {
    // The policy may keep more by now, or a newer one may be gone.
    if (await isKept(ctx, row, keep)) await ctx.db.patch(row._id, { expiresAt: NEVER });
    else await expire(ctx, row, now + uploadExpiryMs);
    swept += 1;
  }
  for (const row of await due.uploading.take(BATCH)) {
    await expire(ctx, row, now + uploadExpiryMs);
    swept += 1;
  }
  for (const status of ["failed", "expired"] as const) {
    for (const row of await due[status].take(BATCH)) {
      await ctx.db.delete(row._id);
      swept += 1;
    }
  }
  return swept;
}

async function isKept(ctx: MutationCtx, row: Doc<"dataSnapshots">, keep: number): Promise<boolean> {
  const { workspaceId: workspace, agentKey, conversationId } = row;
  if (conversationId === undefined) return false;
  const kept = await readySnapshots(ctx, { workspace, agentKey, conversationId }).take(keep);
  return kept.some(({ _id }) => _id === row._id);
}

/** The row stays a while, so that a list shows what became of it. */
async function expire(ctx: MutationCtx, row: Doc<"dataSnapshots">, goneAt: number): Promise<void> {
  if (row.archiveFileId !== undefined) await ctx.storage.delete(row.archiveFileId);
  await ctx.db.patch(row._id, { status: "expired", archiveFileId: undefined, expiresAt: goneAt });
}
