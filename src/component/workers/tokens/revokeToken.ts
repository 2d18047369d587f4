/** Ends a token at once: the next call that carries it is refused. Writes `workerTokens`; a repeat keeps the first time. */
import * as contract from "../../../contract/workers.js";
import { asMutation } from "../../functions.js";
import { tokenRow } from "./authorize.js";

export const revokeWorkerToken = asMutation(contract.revokeWorkerToken)(async (ctx, { tokenId }) => {
  const row = await tokenRow(ctx, tokenId);
  if (!row) return false;
  if (row.revokedAt === undefined) await ctx.db.patch(row._id, { revokedAt: Date.now() });
  return true;
});
