/**
 * Replaces a token by a new one of the same scope; both work during the overlap. Writes `workerTokens`. A token that no
 * longer works is not rotated: that would bring it back.
 */
import { factoryError } from "../../../contract/errors.js";
import * as contract from "../../../contract/tokens.js";
import { asMutation } from "../../functions.js";
import { familyOf, tokenRow } from "./authorize.js";
import { expiredToken, revokedToken } from "./claims.js";
import { shownOnce } from "./createToken.js";
import { mintToken } from "./mintToken.js";

const DEFAULT_OVERLAP_MS = 3_600_000;
const MAX_OVERLAP_MS = 7 * 24 * 3_600_000;

export const rotateWorkerToken = asMutation(contract.rotateWorkerToken)(async (ctx, args) => {
  const overlapMs = args.overlapMs ?? DEFAULT_OVERLAP_MS;
  if (!(overlapMs >= 0 && overlapMs <= MAX_OVERLAP_MS)) {
    const message = `overlapMs must be 0 to ${MAX_OVERLAP_MS} (7 days).`;
    throw factoryError("invalid_argument", message, { argument: "overlapMs" });
  }
  const old = await tokenRow(ctx, args.tokenId);
  if (!old)
    throw factoryError("invalid_id", "There is no worker token with this id.", { argument: "tokenId" });
  if (old.revokedAt !== undefined) throw revokedToken(old.tokenId);
  const now = Date.now();
  if (old.expiresAt <= now) throw expiredToken(old.tokenId);
  const { workspace, tags, group, workerId, maxWorkers, trusted } = old;
  const scope = { workspace, tags, group, workerId, maxWorkers, trusted };
  const minted = await mintToken(ctx, scope, args.expiresInMs ?? old.lifetimeMs, {
    rotatedFrom: old.tokenId,
    family: familyOf(old),
    alias: old.aliasHash !== undefined,
    forAgents: old.forAgents,
  });
  await ctx.db.patch(old._id, {
    expiresAt: Math.min(old.expiresAt, now + overlapMs),
    replacedBy: minted.tokenId,
  });
  return shownOnce(minted);
});
