/**
 * Who calls. Without a token it is the host app itself, which is trusted; with one, the signature, the row and the scope
 * decide; with an alias, the row alone. Reads at most 2 documents and writes none.
 */
import { factoryError } from "../../../contract/errors.js";
import { aliasOf } from "../../../contract/paths.js";
import { lanesFault } from "../../../policy/tokens/systemLanes.js";
import type { Doc } from "../../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../../component/_generated/server.js";
import { aliasHash } from "./alias.js";
import { expiredToken, invalidToken, revokedToken, verifyToken, type WorkerClaims } from "./claims.js";
import { coversWorkspace, listsLane } from "../../../policy/queue/canServe.js";

/** What the caller may touch. */
export interface WorkerGrant {
  /** The host app: no token was given. */
  trusted: boolean;
  tokenId: string | null;
  /** The first token of its line of rotations. */
  family: string | null;
  /** The worker the token is bound to; null = any, which must prove itself by its lease. */
  workerId: string | null;
  /** The one workspace it may touch; null = any. */
  workspace: string | null;
  /** The lanes it may take; null = any. */
  lanes: string[] | null;
  /** How many worker ids may use the token at once; null = any number. */
  maxWorkers: number | null;
  /** The published image behind an alias: its engine keeps state on disk. */
  viaAlias: boolean;
}

const HOST: WorkerGrant = {
  trusted: true,
  tokenId: null,
  family: null,
  workerId: null,
  workspace: null,
  lanes: null,
  maxWorkers: null,
  viaAlias: false,
};

/**
 * Throws `worker_token_invalid` (forged, foreign, unknown), `worker_token_expired`, `worker_token_revoked`,
 * `worker_mismatch` (bound to another worker id), `workspace_mismatch` or `lane_not_allowed` (an agent token that lists a
 * system lane). An empty token is a bad token, not no token. A call that names no worker passes a binding: it claims no
 * identity beyond the token's own. The error of a token that was signed here names its id.
 */
export async function authorizeWorker(
  ctx: QueryCtx | MutationCtx,
  args: { workerId?: string; workerToken?: string; workspaceId?: string },
): Promise<WorkerGrant> {
  if (args.workerToken === undefined) return HOST;
  const alias = aliasOf(args.workerToken);
  const { row, claims } =
    alias === null ? await bySignature(ctx, args.workerToken) : await byAlias(ctx, alias);
  const { tokenId } = row;
  if (row.revokedAt !== undefined) throw revokedToken(tokenId);
  if (row.expiresAt <= Date.now()) throw expiredToken(tokenId);
  const { workspace, workerId } = claims;
  if (workerId !== undefined && args.workerId !== undefined && workerId !== args.workerId) {
    throw factoryError("worker_mismatch", "The worker token belongs to another worker.", { tokenId });
  }
  if (workspace !== undefined && args.workspaceId !== undefined && workspace !== args.workspaceId) {
    throw factoryError("workspace_mismatch", "The worker token belongs to another workspace.", { tokenId });
  }
  const reserved = lanesFault(claims.tags, claims);
  if (reserved !== null) throw factoryError("lane_not_allowed", reserved, { tokenId });
  return {
    trusted: false,
    tokenId,
    family: familyOf(row),
    workerId: workerId ?? null,
    workspace: workspace ?? null,
    lanes: claims.tags,
    maxWorkers: row.maxWorkers ?? null,
    viaAlias: alias !== null,
  };
}

/**
 * A call about one conversation by somebody who knows its lease: whoever stole it from another workspace or lane is
 * refused all the same. Throws `workspace_mismatch` or `lane_not_allowed`.
 */
export function requireReach(
  grant: WorkerGrant,
  conversation: { workspace?: string | undefined; lane?: string | undefined },
): void {
  const { workspace, lane } = conversation;
  const detail: Record<string, string> = grant.tokenId === null ? {} : { tokenId: grant.tokenId };
  if (workspace !== undefined && !coversWorkspace(grant, workspace)) {
    throw factoryError("workspace_mismatch", "The worker token belongs to another workspace.", detail);
  }
  if (lane !== undefined && !listsLane(grant, lane)) {
    throw factoryError(
      "lane_not_allowed",
      "The worker token does not list the lane of this message.",
      detail,
    );
  }
}

interface Bearer {
  row: Doc<"workerTokens">;
  claims: Omit<WorkerClaims, "jti">;
}

async function bySignature(ctx: QueryCtx | MutationCtx, token: string): Promise<Bearer> {
  const claims = await verifyToken(ctx, token);
  const row = await tokenRow(ctx, claims.jti);
  if (!row) throw invalidToken();
  return { row, claims };
}

async function byAlias(ctx: QueryCtx | MutationCtx, alias: string): Promise<Bearer> {
  const hash = await aliasHash(alias);
  const row = await ctx.db
    .query("workerTokens")
    .withIndex("by_aliasHash", (q) => q.eq("aliasHash", hash))
    .first();
  // An alias stands for one worker; a row without one can have none.
  if (row?.workerId === undefined) throw invalidToken();
  return { row, claims: row };
}

export const familyOf = ({ tokenId, family = tokenId }: Doc<"workerTokens">): string => family;

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
