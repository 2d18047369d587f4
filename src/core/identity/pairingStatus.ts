/** What became of a pairing code. Reads `pairingCodes`. */
import * as contract from "../../contract/identity.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { asQuery } from "../functions.js";
import { findByCode } from "./consumePairing.js";
import { openCode, pairingView } from "./views.js";

export const getPairingCodeStatus = asQuery(contract.getPairingCodeStatus)(async (ctx, { code }) => {
  const row = await findByCode(ctx, code);
  return row && pairingView(row, code);
});

export const getUserAgentPairingStatus = asQuery(contract.getUserAgentPairingStatus)(async (ctx, args) => {
  const row = await newestPairing(ctx, args);
  return row && pairingView(row, (await openCode(ctx, row)) ?? "");
});

/** The newest code of a user for an agent, or null. One document read. */
export const newestPairing = (
  ctx: QueryCtx,
  { consumerUserId, agentKey }: { consumerUserId: string; agentKey: string },
): Promise<Doc<"pairingCodes"> | null> =>
  ctx.db
    .query("pairingCodes")
    .withIndex("by_consumerUserId_and_agentKey_and_createdAt", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("agentKey", agentKey),
    )
    .order("desc")
    .first();
