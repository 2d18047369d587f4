/** Ends a user's binding; the conversation stays theirs for a later one. Writes `identityBindings`. */
import * as contract from "../../contract/identity.js";
import { asMutation } from "../functions.js";
import { revokeActiveOf } from "./bindUserAgent.js";

export const revokeUserAgentBinding = asMutation(contract.revokeUserAgentBinding)(
  async (ctx, { consumerUserId }) => ({ revoked: await revokeActiveOf(ctx, consumerUserId) }),
);
