/**
 * Who may do what in this app. Its users come from its own sign-in (`ctx.auth`), its administrators from an environment
 * variable; a real app asks its own tables.
 */
import type { AuthCallback } from "@okrlinkhub/agent-factory";
import { env } from "./_generated/server";

export const authorize: AuthCallback = async (ctx, operation) => {
  // Workers and cron jobs have no identity. A worker is known by its token, which the component verifies.
  if (operation.access === "worker" || operation.access === "system") return "machine";

  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) throw new Error("Not signed in");
  const userId = identity.tokenIdentifier;
  if (isAdmin(userId)) return { userId, grant: "admin" };
  // What everyone may read and write is their own conversation, and nobody else's.
  if (operation.conversationId !== undefined && operation.conversationId !== `user:${identity.subject}`) {
    throw new Error("Not your conversation");
  }
  return userId;
};

function isAdmin(tokenIdentifier: string): boolean {
  const admins = (env.ADMIN_TOKEN_IDENTIFIERS ?? "").split(",").map((admin) => admin.trim());
  return admins.includes(tokenIdentifier);
}
