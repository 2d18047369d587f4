/** The step that creating and rotating share: a row, then a signature. Writes `workerTokens`. */
import { factoryError } from "../../../contract/errors.js";
import type { MutationCtx } from "../../_generated/server.js";
import { requireMasterKey } from "../../secrets/keyRing.js";
import { signToken, type WorkerClaims } from "./claims.js";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
export const DEFAULT_LIFETIME_MS = 90 * DAY_MS;
const MAX_LIFETIME_MS = 400 * DAY_MS;
/** An expired token stays in the list this long, so that an operator sees why a worker was refused. */
const KEEP_EXPIRED_MS = 30 * DAY_MS;
/** Old rows deleted with each new one: more than one, so that the table shrinks, and few, so that minting stays cheap. */
const PURGE_PER_MINT = 8;

/**
 * Stores and signs a token of this scope. Throws `invalid_argument` for a life outside 1 minute..400 days and
 * `master_key_invalid`; makes a master key if there is none.
 */
export async function mintToken(
  ctx: MutationCtx,
  scope: Omit<WorkerClaims, "jti">,
  lifetimeMs: number,
  rotatedFrom?: string,
): Promise<{ token: string; tokenId: string; expiresAt: number }> {
  if (!(lifetimeMs >= MINUTE_MS && lifetimeMs <= MAX_LIFETIME_MS)) {
    const message = `expiresInMs must be ${MINUTE_MS} to ${MAX_LIFETIME_MS} (1 minute to 400 days).`;
    throw factoryError("invalid_argument", message, { argument: "expiresInMs" });
  }
  const master = await requireMasterKey(ctx);
  const tokenId = crypto.randomUUID();
  const createdAt = Date.now();
  // A JWT counts in seconds; the row must not promise more than was signed.
  const expiresAt = Math.floor((createdAt + lifetimeMs) / 1000) * 1000;
  await purgeExpired(ctx, createdAt);
  await ctx.db.insert("workerTokens", { ...scope, tokenId, createdAt, lifetimeMs, expiresAt, rotatedFrom });
  return {
    token: await signToken(master, { jti: tokenId, ...scope }, createdAt, expiresAt),
    tokenId,
    expiresAt,
  };
}

async function purgeExpired(ctx: MutationCtx, now: number): Promise<void> {
  const old = await ctx.db
    .query("workerTokens")
    .withIndex("by_expiresAt", (q) => q.lt("expiresAt", now - KEEP_EXPIRED_MS))
    .take(PURGE_PER_MINT);
  for (const row of old) await ctx.db.delete(row._id);
}
