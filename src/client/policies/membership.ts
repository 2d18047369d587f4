/** Answers to `ownDataOnly`'s questions out of the component's own tables. */
import type { ComponentApi } from "../../component/_generated/component.js";
import type { AuthContext } from "../auth.js";
import type { ConversationOwner, OwnDataOptions } from "./ownData.js";

export interface MembershipOptions {
  /**
   * The workspaces whose agents a user may use, and whose push templates it may read: names, or a question to the app's own
   * tables. An app that never gave an agent a workspace has all of them in `default`. Default: none, so that a user has only
   * the agents that the app bound it to.
   */
  workspaces?:
    | readonly string[]
    | ((ctx: AuthContext, userId: string) => readonly string[] | Promise<readonly string[]>);
}

/**
 * Whose things are, for `ownDataOnly(byMembership(components.agentFactory))`.
 * - A conversation belongs to a user when it is that of one of the user's agents, however they write to it (a chat channel or the app).
 * - An agent is there for the users of its workspace (see `workspaces`), and for those that are bound to it. What a user has with an
 *   agent stays readable after its binding has ended.
 * - It is managed by a user to whom the app gave it (`bindUserAgent`); a pairing gives nothing, as users make their codes themselves.
 * - A user belongs to its `workspaces`, and to those of the agent that it is bound to.
 *
 * One or two more queries per call that names one of them.
 */
export function byMembership(
  component: ComponentApi,
  { workspaces = [] }: MembershipOptions = {},
): Required<Omit<OwnDataOptions, "userId">> {
  const { lib } = component;
  const isOpen = async (ctx: AuthContext, userId: string, workspace: string) =>
    (typeof workspaces === "function" ? await workspaces(ctx, userId) : workspaces).includes(workspace);
  return {
    ownsConversation: boundConversations(component),
    ownsAgent: async (ctx, { userId, agentKey, use }) => {
      const tie = await ctx.runQuery(lib.getAgentMembership, { consumerUserId: userId, agentKey });
      if (tie.granted) return true;
      if (use === "manage") return false;
      if (tie.binding === "active" || (use === "read" && tie.binding !== null)) return true;
      return tie.workspace !== null && (await isOpen(ctx, userId, tie.workspace));
    },
    ownsWorkspace: async (ctx, { userId, workspace }) => {
      if (await isOpen(ctx, userId, workspace)) return true;
      const bound = await ctx.runQuery(lib.getUserAgentBinding, { consumerUserId: userId });
      if (bound === null) return false;
      const { agentKey } = bound;
      const tie = await ctx.runQuery(lib.getAgentMembership, { consumerUserId: userId, agentKey });
      return tie.workspace === workspace;
    },
  };
}

/** `ownsConversation` of `byMembership` alone. One more query per call that names a conversation. */
export const boundConversations =
  (component: ComponentApi): ConversationOwner =>
  async (ctx, { userId, conversationId }) => {
    const agents = await ctx.runQuery(component.lib.listUserAgents, { consumerUserId: userId });
    return agents.some((agent) => agent.conversationId === conversationId);
  };
