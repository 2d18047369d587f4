/** The tokens that were minted, newest first, without the tokens themselves. */
import * as contract from "../../../contract/tokens.js";
import { asQuery } from "../../functions.js";
import type { QueryCtx } from "../../../component/_generated/server.js";
import { loadRuntime } from "../../config/runtime.js";
import { clampLimit } from "../../bounds/bounded.js";
import { lastSignOfLife } from "../reads.js";
import { lastUseOf } from "./lastUse.js";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;
/** Workers of one token looked at for its last use: the newest registrations. */
const WORKERS_PER_TOKEN = 4;

export const listWorkerTokens = asQuery(contract.listWorkerTokens)(async (ctx, { limit }) => {
  const { staleAfterMs } = (await loadRuntime(ctx)).policies.lease;
  const rows = await ctx.db
    .query("workerTokens")
    .order("desc")
    .take(clampLimit(limit, DEFAULT_LIMIT, MAX_LIMIT));
  return await Promise.all(
    rows.map(async (row) => ({
      tokenId: row.tokenId,
      workspace: row.workspace ?? null,
      tags: row.tags,
      group: row.group ?? null,
      workerId: row.workerId ?? null,
      createdAt: row.createdAt,
      expiresAt: row.expiresAt,
      revokedAt: row.revokedAt ?? null,
      lastUsedAt: await lastUsedAt(ctx, row.tokenId, staleAfterMs),
      maxWorkers: row.maxWorkers ?? null,
      trusted: row.trusted ?? false,
      hasAlias: row.aliasHash !== undefined,
      rotatedFrom: row.rotatedFrom ?? null,
    })),
  );
});

/** The noted use, or a newer sign of life of a worker that registered with the token: a busy worker never polls idly. */
async function lastUsedAt(ctx: QueryCtx, tokenId: string, staleAfterMs: number): Promise<number | null> {
  const usedAt = await lastUseOf(ctx, tokenId, staleAfterMs);
  if (usedAt === null) return null;
  const workers = await ctx.db
    .query("workers")
    .withIndex("by_tokenId", (q) =>
      q.eq("tokenId", tokenId).eq("status", "active").eq("silentSince", undefined),
    )
    .order("desc")
    .take(WORKERS_PER_TOKEN);
  const seen = await Promise.all(
    workers.map(async (worker) => (await lastSignOfLife(ctx, worker.workerId)).seenAt),
  );
  return Math.max(usedAt, ...seen);
}
