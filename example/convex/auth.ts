/**
 * Who may do what in this app: administrators (an environment variable lists them) everything, its users their own
 * data. A real app may ask its own tables instead: `allowAdmins(async (identity, ctx) => …, ownDataOnly())`.
 */
import { allowAdmins, boundConversations, ownDataOnly } from "@okrlinkhub/agent-factory";
import { components } from "./_generated/api";
import { env } from "./_generated/server";

export const authorize = allowAdmins(
  ({ tokenIdentifier }) => admins().includes(tokenIdentifier),
  ownDataOnly({ ownsConversation: boundConversations(components.agentFactory) }),
);

const admins = () => (env.ADMIN_TOKEN_IDENTIFIERS ?? "").split(",").map((admin) => admin.trim());
