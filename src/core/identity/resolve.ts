/** Whose agent, whose account. Reads `identityBindings`: one document each. */
import * as contract from "../../contract/identity.js";
import { asQuery } from "../functions.js";
import { activeBinding, bindingOfTelegram } from "./bindings.js";
import { bindingView } from "./views.js";

export const getUserAgentBinding = asQuery(contract.getUserAgentBinding)(async (ctx, { consumerUserId }) => {
  const binding = await activeBinding(ctx, consumerUserId);
  return binding && bindingView(binding);
});

export const resolveAgentForUser = asQuery(contract.resolveAgentForUser)(async (ctx, { consumerUserId }) => {
  const binding = await activeBinding(ctx, consumerUserId);
  return { consumerUserId, agentKey: binding?.agentKey ?? null };
});

export const resolveAgentForTelegram = asQuery(contract.resolveAgentForTelegram)(async (ctx, args) => {
  const binding = await bindingOfTelegram(ctx, args);
  return { consumerUserId: binding?.consumerUserId ?? null, agentKey: binding?.agentKey ?? null };
});
