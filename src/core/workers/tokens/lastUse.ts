/** When tokens were last used, without a write per call: written at registration and by idle polls, throttled. */
import type { Doc } from "../../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../../component/_generated/server.js";

const USE_EVERY_MS = 5 * 60_000;

export const useOf = (ctx: QueryCtx, tokenId: string): Promise<Doc<"workerTokenUses"> | null> =>
  ctx.db
    .query("workerTokenUses")
    .withIndex("by_tokenId", (q) => q.eq("tokenId", tokenId))
    .first();

/** Writes only when the last note is older than 5 minutes. */
export async function noteTokenUse(ctx: MutationCtx, tokenId: string): Promise<void> {
  const now = Date.now();
  const use = await useOf(ctx, tokenId);
  if (!use) await ctx.db.insert("workerTokenUses", { tokenId, usedAt: now });
  else if (now - use.usedAt >= USE_EVERY_MS) await ctx.db.patch(use._id, { usedAt: now });
}
