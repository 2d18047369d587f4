/** What is due of attachments, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import type { QueryCtx } from "../../component/_generated/server.js";

/** An action that was lost (they are never repeated by the platform) is started again this long after its time. */
export const GRACE_MS = 30_000;

const due = (ctx: QueryCtx, status: "pending" | "ready" | "failed" | "expired", before: number) =>
  ctx.db.query("attachments").withIndex("by_due", (q) => q.eq("status", status).lt("dueAt", before));

/** Fetches that got lost: a message waits for their files. */
export const lostFetches = (ctx: QueryCtx, now: number) => due(ctx, "pending", now - GRACE_MS);

export const oldAttachments = (ctx: QueryCtx, now: number) => ({
  ready: due(ctx, "ready", now),
  failed: due(ctx, "failed", now),
  expired: due(ctx, "expired", now),
});
