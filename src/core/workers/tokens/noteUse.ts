/** Notes that a token was used; `lastUse.ts` reads it. */
import type { MutationCtx } from "../../../component/_generated/server.js";

/** A plain insert: it reads nothing. */
export async function noteTokenUse(ctx: MutationCtx, tokenId: string, usedAt: number): Promise<void> {
  await ctx.db.insert("workerTokenUses", { tokenId, usedAt });
}
