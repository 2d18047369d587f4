/**
 * Ends a user's binding, and the codes by which they could bind themselves again; the conversation stays theirs for a later one.
 * Writes `identityBindings`, `pairingCodes`.
 */
import * as contract from "../../contract/identity.js";
import { asMutation } from "../functions.js";
import { revokeActiveOf } from "./bindUserAgent.js";
import { expirePending } from "./expirePairing.js";

export const revokeUserAgentBinding = asMutation(contract.revokeUserAgentBinding)(async (
  ctx,
  { consumerUserId },
) => {
  await expirePending(ctx, consumerUserId, () => true);
  return { revoked: await revokeActiveOf(ctx, consumerUserId) };
});
