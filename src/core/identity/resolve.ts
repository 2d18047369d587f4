/** Whose agent, whose account. Reads `identityBindings`: one document each. */
import * as contract from "../../contract/identity.js";
import { asQuery } from "../functions.js";
import { activeBinding } from "./bindings.js";
import { bindingView } from "./views.js";

export const getUserAgentBinding = asQuery(contract.getUserAgentBinding)(async (ctx, { consumerUserId }) => {
  const binding = await activeBinding(ctx, consumerUserId);
  return binding && bindingView(binding);
});

export const resolveAgentForUser = asQuery(contract.resolveAgentForUser)(async (ctx, { consumerUserId }) => {
  const binding = await activeBinding(ctx, consumerUserId);
  return { consumerUserId, agentKey: binding?.agentKey ?? null };
});
