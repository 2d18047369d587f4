/** What ties a user to an agent, for a host's rule to decide by. Reads the profile and one binding. */
import * as contract from "../../contract/identity.js";
import { findAgent } from "../agents/findAgent.js";
import { asQuery } from "../functions.js";
import { isGranted, newestBinding } from "./bindings.js";

export const getAgentMembership = asQuery(contract.getAgentMembership)(async (
  ctx,
  { consumerUserId, agentKey },
) => {
  const agent = await findAgent(ctx, agentKey);
  const binding = await newestBinding(ctx, consumerUserId, agentKey);
  return {
    workspace: agent?.workspace ?? null,
    binding: binding?.status ?? null,
    granted: binding !== null && isGranted(binding),
  };
});
