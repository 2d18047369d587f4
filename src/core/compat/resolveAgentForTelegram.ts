/** Whose account it is. Reads `identityBindings`: one document. */
import * as contract from "../../contract/identity.js";
import { contactOf } from "../../policy/compat/contacts.js";
import { asQuery } from "../functions.js";
import { bindingOfContact } from "../identity/contactBinding.js";

export const resolveAgentForTelegram = asQuery(contract.resolveAgentForTelegram)(async (ctx, args) => {
  const binding = await bindingOfContact(ctx, contactOf(args));
  return { consumerUserId: binding?.consumerUserId ?? null, agentKey: binding?.agentKey ?? null };
});
