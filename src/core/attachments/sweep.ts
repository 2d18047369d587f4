/** Ends what is due: deletes files after their retention and rows after theirs, and takes up fetches that got lost. */
import { loadRuntime } from "../config/runtime.js";
import { internal } from "../../component/_generated/api.js";
import type { MutationCtx } from "../../component/_generated/server.js";

const BATCH = 50;
/** An action that was lost (they are never repeated by the platform) is started again this long after its time. */
const GRACE_MS = 30_000;
/** How long it stays on record that a file could not be had, or has expired. */
export const FAILED_ROW_RETENTION_MS = 30 * 86_400_000;

const due = (ctx: MutationCtx, status: "pending" | "ready" | "failed" | "expired", before: number) =>
  ctx.db
    .query("attachments")
    .withIndex("by_due", (q) => q.eq("status", status).lt("dueAt", before))
    .take(BATCH);

/** Returns how many rows it changed. */
export async function sweepAttachments(ctx: MutationCtx): Promise<number> {
  const now = Date.now();
  const lost = await due(ctx, "pending", now - GRACE_MS);
  for (const row of lost) {
    await ctx.db.patch(row._id, { dueAt: now + GRACE_MS });
    await ctx.scheduler.runAfter(0, internal.telegram.runFetch, { attachment: row._id });
  }
  const stale = await due(ctx, "ready", now);
  for (const row of stale) {
    if (row.storageId) await ctx.storage.delete(row.storageId);
    const dueAt = now + FAILED_ROW_RETENTION_MS;
    await ctx.db.patch(row._id, { status: "expired", storageId: undefined, dueAt });
  }
  const over = [...(await due(ctx, "failed", now)), ...(await due(ctx, "expired", now))];
  for (const row of over) await ctx.db.delete(row._id);
  return lost.length + stale.length + over.length;
}

/** When a file that is stored now expires. */
export const fileExpiry = async (ctx: MutationCtx): Promise<number> =>
  Date.now() + (await loadRuntime(ctx)).policies.attachments.retentionMs;
