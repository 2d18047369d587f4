/** Ends what is due: deletes files after their retention and rows after theirs, and takes up fetches that got lost. */
import type { MutationCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { GRACE_MS, lostFetches, oldAttachments } from "./due.js";
import { startFetch, FAILED_ROW_RETENTION_MS } from "./receive.js";
import type { Id } from "../../component/_generated/dataModel.js";

/** Each starts an action or deletes a file. */
const MOST = 50;

/** Takes up fetches that got lost; how many. */
export async function sweepFetches(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  const lost = await batch.take(lostFetches(ctx, now), { most: MOST });
  for (const row of lost) {
    await ctx.db.patch(row._id, { dueAt: now + GRACE_MS });
    await startFetch(ctx, row, now);
  }
  return batch.rows;
}

/** Deletes files after their retention and rows after theirs. Returns how many rows it changed. */
export async function sweepAttachments(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  const { ready, failed, expired } = oldAttachments(ctx, now);
  const stale = await batch.take(ready, { shares: 3, most: MOST });
  const over = [...(await batch.take(failed, { shares: 3 })), ...(await batch.take(expired, { shares: 3 }))];
  for (const row of stale) {
    if (row.storageId) await deleteFile(ctx, row.storageId);
    const dueAt = now + FAILED_ROW_RETENTION_MS;
    await ctx.db.patch(row._id, { status: "expired", storageId: undefined, dueAt });
  }
  for (const row of over) await ctx.db.delete(row._id);
  return batch.rows;
}

/** Deletes a file. One that is gone already (an operator deleted it) is no error: the rows behind it in a sweep must go too. */
export async function deleteFile(ctx: MutationCtx, file: Id<"_storage">): Promise<void> {
  if (await ctx.db.system.get(file)) await ctx.storage.delete(file);
}
