/**
 * Who calls. Without a token it is the host app itself, which is trusted; with one, the signature, the row and the scope
 * decide. Reads at most 2 documents and writes none.
 */
import { factoryError } from "../../../contract/errors.js";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import { expiredToken, invalidToken, revokedToken, verifyToken } from "./claims.js";

/** What the caller may touch. */
export interface WorkerGrant {
  /** The host app: no token was given. */
  trusted: boolean;
  tokenId: string | null;
  /** The worker the token is bound to; null = any, which must prove itself by its lease. */
  workerId: string | null;
  /** The one workspace it may touch; null = any. */
  workspace: string | null;
  /** The lanes it may take; null = any. */
  lanes: string[] | null;
}

/**
 * Throws `worker_token_invalid` (forged, foreign, unknown), `worker_token_expired`, `worker_token_revoked`,
 * `worker_mismatch` (bound to another worker id) or `workspace_mismatch`. An empty token is a bad token, not no token.
 * A call that names no worker passes a binding: it claims no identity beyond the token's own.
 */
export async function authorizeWorker(
  ctx: QueryCtx | MutationCtx,
  args: { workerId?: string; workerToken?: string; workspaceId?: string },
): Promise<WorkerGrant> {
  if (args.workerToken === undefined)
    return { trusted: true, tokenId: null, workerId: null, workspace: null, lanes: null };
  const claims = await verifyToken(ctx, args.workerToken);
  const row = await tokenRow(ctx, claims.jti);
  if (!row) throw invalidToken();
  if (row.revokedAt !== undefined) throw revokedToken();
  if (row.expiresAt <= Date.now()) throw expiredToken();
  const { workspace, workerId } = claims;
  if (workerId !== undefined && args.workerId !== undefined && workerId !== args.workerId) {
    throw factoryError("worker_mismatch", "The worker token belongs to another worker.");
  }
  if (workspace !== undefined && args.workspaceId !== undefined && workspace !== args.workspaceId) {
    throw factoryError("workspace_mismatch", "The worker token belongs to another workspace.");
  }
  return {
    trusted: false,
    tokenId: claims.jti,
    workerId: workerId ?? null,
    workspace: workspace ?? null,
    lanes: claims.tags,
  };
}

/** The row of a token id, or null. */
export async function tokenRow(
  ctx: QueryCtx | MutationCtx,
  tokenId: string,
): Promise<Doc<"workerTokens"> | null> {
  return await ctx.db
    .query("workerTokens")
    .withIndex("by_tokenId", (q) => q.eq("tokenId", tokenId))
    .first();
}
