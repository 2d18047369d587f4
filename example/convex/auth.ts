/**
 * Who may do what in this app: administrators (an environment variable lists them) everything, its users their own
 * data with the agents of the workspace `default`, which are there for all of them, and with those that they are bound to.
 * A real app may ask its own tables instead: `allowAdmins(async (identity, ctx) => …, ownDataOnly())`.
 */
import { allowAdmins, byMembership, ownDataOnly } from "@okrlinkhub/agent-factory";
import { components } from "./_generated/api";
import { env } from "./_generated/server";

export const authorize = allowAdmins(
  ({ tokenIdentifier }) => admins().includes(tokenIdentifier),
  ownDataOnly(byMembership(components.agentFactory, { workspaces: ["default"] })),
);

const admins = () => (env.ADMIN_TOKEN_IDENTIFIERS ?? "").split(",").map((admin) => admin.trim());
