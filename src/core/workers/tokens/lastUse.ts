/**
 * When tokens were last used. Idle polls leave it on the worker's own beat; registrations, and the sweep that deletes a
 * beat, insert a row. So the workers of one token never meet over it.
 */
import type { MutationCtx, QueryCtx } from "../../../component/_generated/server.js";
import { noteTokenUse } from "./noteUse.js";

const BATCH = 100;

/**
 * When a worker last registered with the token, polled idly, or left; null: no worker ever did. `staleAfterMs` is that of
 * `policies.lease`. 2 documents.
 */
export async function lastUseOf(
  ctx: QueryCtx,
  tokenId: string,
  staleAfterMs: number,
): Promise<number | null> {
  const noted = await usesOf(ctx, tokenId).first();
  const beat = await ctx.db
    .query("beats")
    .withIndex("by_tokenId", (q) => q.eq("tokenId", tokenId))
    .order("desc")
    .first();
  if (!beat) return noted?.usedAt ?? null;
  return Math.max(noted?.usedAt ?? 0, beat.aliveUntil - staleAfterMs);
}

/** Notes a use and keeps the newest note alone. For sweeps, which meet nobody. */
export async function keepTokenUse(ctx: MutationCtx, tokenId: string, usedAt: number): Promise<void> {
  await noteTokenUse(ctx, tokenId, usedAt);
  const [, ...older] = await usesOf(ctx, tokenId).take(BATCH);
  for (const row of older) await ctx.db.delete(row._id);
}

/** The token is gone. */
export async function forgetTokenUses(ctx: MutationCtx, tokenId: string): Promise<void> {
  for (const row of await usesOf(ctx, tokenId).take(BATCH)) await ctx.db.delete(row._id);
}

const usesOf = (ctx: QueryCtx, tokenId: string) =>
  ctx.db
    .query("workerTokenUses")
    .withIndex("by_tokenId", (q) => q.eq("tokenId", tokenId))
    .order("desc");
