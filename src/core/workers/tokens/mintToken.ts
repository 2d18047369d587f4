/** The step that creating and rotating share: a row, then a signature. Writes `workerTokens`. */
import { factoryError } from "../../../contract/errors.js";
import { lanesFault } from "../../../policy/tokens/systemLanes.js";
import type { MutationCtx } from "../../../component/_generated/server.js";
import { recordAct } from "../../audit/record.js";
import { requireMasterKey } from "../../secrets/seal.js";
import { aliasHash, newAlias } from "./alias.js";
import { signToken, type WorkerClaims } from "./claims.js";
import { forgetTokenUses } from "./lastUse.js";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
export const DEFAULT_LIFETIME_MS = 90 * DAY_MS;
const MAX_LIFETIME_MS = 400 * DAY_MS;
/** An expired token stays in the list this long, so that an operator sees why a worker was refused. */
const KEEP_EXPIRED_MS = 30 * DAY_MS;
/** Old rows deleted with each new one: more than one, so that the table shrinks, and few, so that minting stays cheap. */
const PURGE_PER_MINT = 8;

export interface TokenScope extends Omit<WorkerClaims, "jti"> {
  /** Kept on the row only: it may not be widened by a token that was signed earlier. */
  maxWorkers?: number;
}
export interface Minted {
  token: string;
  tokenId: string;
  expiresAt: number;
  /** Shown once; only with `alias`. */
  alias: string | null;
}

/** What is wrong with a token's life, or null. */
export function lifetimeFault(lifetimeMs: number): string | null {
  if (lifetimeMs >= MINUTE_MS && lifetimeMs <= MAX_LIFETIME_MS) return null;
  return `expiresInMs must be ${MINUTE_MS} to ${MAX_LIFETIME_MS} (1 minute to 400 days).`;
}

/**
 * Stores and signs a token of this scope. Throws `invalid_argument` for a life outside 1 minute..400 days,
 * `lane_not_allowed` for a system lane of an untrusted token, and `master_key_invalid`; makes a master key if there is none.
 */
export async function mintToken(
  ctx: MutationCtx,
  scope: TokenScope,
  lifetimeMs: number,
  options: {
    rotatedFrom?: string;
    family?: string;
    alias?: boolean;
    actor?: string;
    forAgents?: boolean;
  } = {},
): Promise<Minted> {
  const fault = lifetimeFault(lifetimeMs);
  if (fault !== null) throw factoryError("invalid_argument", fault, { argument: "expiresInMs" });
  const reserved = lanesFault(scope.tags, scope);
  if (reserved !== null) throw factoryError("lane_not_allowed", reserved, { argument: "tags" });
  const { maxWorkers, ...claims } = scope;
  const master = await requireMasterKey(ctx);
  const tokenId = crypto.randomUUID();
  const createdAt = Date.now();
  // A JWT counts in seconds; the row must not promise more than was signed.
  const expiresAt = Math.floor((createdAt + lifetimeMs) / 1000) * 1000;
  const alias = options.alias === true ? newAlias() : null;
  await purgeExpired(ctx, createdAt);
  await ctx.db.insert("workerTokens", {
    ...claims,
    maxWorkers,
    tokenId,
    createdAt,
    lifetimeMs,
    expiresAt,
    rotatedFrom: options.rotatedFrom,
    family: options.family,
    forAgents: options.forAgents,
    aliasHash: alias === null ? undefined : await aliasHash(alias),
  });
  await recordAct(ctx, {
    kind: options.rotatedFrom === undefined ? "token.minted" : "token.rotated",
    actor: options.actor ?? "host",
    subject: tokenId,
    detail: {
      tags: scope.tags.join(","),
      ...(scope.workspace !== undefined && { workspace: scope.workspace }),
      ...(scope.workerId !== undefined && { workerId: scope.workerId }),
      ...(options.rotatedFrom !== undefined && { rotatedFrom: options.rotatedFrom }),
    },
  });
  const token = await signToken(master, { jti: tokenId, ...claims }, createdAt, expiresAt);
  return { token, tokenId, expiresAt, alias };
}

async function purgeExpired(ctx: MutationCtx, now: number): Promise<void> {
  const old = await ctx.db
    .query("workerTokens")
    .withIndex("by_expiresAt", (q) => q.lt("expiresAt", now - KEEP_EXPIRED_MS))
    .take(PURGE_PER_MINT);
  for (const row of old) {
    await forgetTokenUses(ctx, row.tokenId);
    await ctx.db.delete(row._id);
  }
}
