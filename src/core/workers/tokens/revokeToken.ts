/**
 * Ends a token and its alias at once: the next call that carries either is refused. Writes `workerTokens`; a repeat keeps
 * the first time.
 */
import * as contract from "../../../contract/tokens.js";
import type { MutationCtx } from "../../../component/_generated/server.js";
import { recordAct } from "../../audit/record.js";
import { asMutation } from "../../functions.js";
import { tokenRow } from "./authorize.js";

export const revokeWorkerToken = asMutation(contract.revokeWorkerToken)((ctx, { tokenId }) =>
  revokeToken(ctx, tokenId, "host"),
);

/** false when there is no such token. */
export async function revokeToken(ctx: MutationCtx, tokenId: string, actor: string): Promise<boolean> {
  const row = await tokenRow(ctx, tokenId);
  if (!row) return false;
  if (row.revokedAt !== undefined) return true;
  await ctx.db.patch(row._id, { revokedAt: Date.now() });
  await recordAct(ctx, { kind: "token.revoked", actor, subject: tokenId });
  return true;
}
