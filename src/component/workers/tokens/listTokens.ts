/** The tokens that were minted, newest first, without the tokens themselves. */
import * as contract from "../../../contract/workers.js";
import { asQuery } from "../../functions.js";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;

export const listWorkerTokens = asQuery(contract.listWorkerTokens)(async (ctx, { limit }) => {
  const wanted = Number.isFinite(limit) ? Math.floor(limit ?? DEFAULT_LIMIT) : DEFAULT_LIMIT;
  const rows = await ctx.db
    .query("workerTokens")
    .order("desc")
    .take(Math.min(MAX_LIMIT, Math.max(1, wanted)));
  return rows.map((row) => ({
    tokenId: row.tokenId,
    workspace: row.workspace ?? null,
    tags: row.tags,
    group: row.group ?? null,
    workerId: row.workerId ?? null,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    revokedAt: row.revokedAt ?? null,
  }));
});
