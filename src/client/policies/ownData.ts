/** The policy about an app's users: what they touch is theirs. */
import { factoryError } from "../../contract/errors.js";
import { userBase } from "../../policy/identity/conversationIds.js";
import type { AuthCallback, AuthContext, AuthOperation } from "../auth.js";
import { machineCaller, signedIn, userIdOf, type IdentityOptions } from "./identity.js";

/** `byMembership(components.agentFactory, …)` answers all three out of the component's own tables. */
export interface OwnDataOptions extends IdentityOptions {
  /**
   * Whether a conversation belongs to a user, for conversations other than `user:<userId>`, which are always its own.
   * Conversation ids say nothing about people by themselves (`<channel>:<chat id>`). Default: nobody's.
   */
  ownsConversation?: ConversationOwner;
  /** Whether an agent is there for a user, for every call that names one. Default: for nobody. */
  ownsAgent?: AgentOwner;
  /** Whether a user belongs to a workspace (a company, of the pushes). Default: nobody does. */
  ownsWorkspace?: WorkspaceOwner;
}
export type ConversationOwner = (
  ctx: AuthContext,
  question: { userId: string; conversationId: string },
) => Promise<boolean>;
/**
 * - `read`: to see what is the user's own with the agent.
 * - `use`: to pair with it, write to it, plan pushes of it.
 * - `manage`: to change it for everybody, such as giving it a bot.
 */
export type AgentUse = "read" | "use" | "manage";
export type AgentOwner = (
  ctx: AuthContext,
  question: { userId: string; agentKey: string; use: AgentUse },
) => Promise<boolean>;
export type WorkspaceOwner = (
  ctx: AuthContext,
  question: { userId: string; workspace: string },
) => Promise<boolean>;

/**
 * Signed-in users reach their own data and nobody else's; refusals are `unauthorized` (not signed in) and `not_your_data`.
 * - A call that names a user must name the caller.
 * - A call that names a conversation, an agent or a workspace must name one of the caller's.
 * - A call about another single thing (a message, a push job, a worker) does not show whose it is, and neither does a
 *   write that names nobody: refused. The calls for one agent of one user (`updatePushJobForAgent` …) name the user.
 * - Reads about the app as a whole (`queueStats`, `policies`) are allowed; what they hold of all tenants (names of secrets, ids of
 *   workers) is an administrator's.
 *
 * Workers and cron jobs pass. Administrative operations stay refused; wrap this in `allowAdmins` to have some.
 */
export function ownDataOnly(options: OwnDataOptions = {}): AuthCallback {
  return async (ctx, operation) => {
    const machine = machineCaller(operation);
    if (machine !== null) return machine;
    const userId = userIdOf(await signedIn(ctx), options);
    // The grant is missing anyway: the library refuses with `admin_required`, which says more.
    if (operation.access === "admin") return userId;
    const { consumerUserId, conversationId, agentKey, workspace } = operation;
    if (consumerUserId !== undefined && consumerUserId !== userId)
      throw notYours(operation, "of another user");
    if (conversationId !== undefined && !(await owns(ctx, options, { userId, conversationId }))) {
      throw notYours(operation, "of another user's conversation", OWN_CONVERSATIONS);
    }
    const use = operation.agentUse ?? (operation.type === "read" ? "read" : "use");
    if (agentKey !== undefined && !(await options.ownsAgent?.(ctx, { userId, agentKey, use }))) {
      throw notYours(operation, "of an agent that is not there for this user", OWN_AGENTS);
    }
    if (workspace !== undefined && !(await options.ownsWorkspace?.(ctx, { userId, workspace }))) {
      throw notYours(operation, "of a workspace that this user does not belong to", OWN_WORKSPACES);
    }
    if (consumerUserId === undefined && conversationId === undefined && !isAboutTheApp(operation)) {
      throw notYours(operation, "of which the call does not say whose it is");
    }
    return userId;
  };
}

const OWN_CONVERSATIONS = "the app's rule decides whose a conversation is: `ownsConversation`";
const OWN_AGENTS =
  "the app opens an agent to a user with `bindUserAgent`, or to all by the workspaces of `byMembership` or its own `ownsAgent`";
const OWN_WORKSPACES =
  "the app says who belongs to it by the workspaces of `byMembership` or its own `ownsWorkspace`";

/** Reads without a subject whose answer holds something of every tenant. */
const OF_ALL_TENANTS: ReadonlySet<string> = new Set(["secretStatus", "workerStats", "getRequiredSecretRefs"]);

async function owns(
  ctx: AuthContext,
  { ownsConversation }: OwnDataOptions,
  question: { userId: string; conversationId: string },
): Promise<boolean> {
  if (question.conversationId === userBase(question.userId)) return true;
  return (await ownsConversation?.(ctx, question)) ?? false;
}

/** Nothing of a single person or tenant is read or changed, as far as the call shows. */
function isAboutTheApp(operation: AuthOperation): boolean {
  const { type, name, agentKey, messageId, workerId, jobId } = operation;
  if (type !== "read" || messageId !== undefined || workerId !== undefined || jobId !== undefined)
    return false;
  return agentKey !== undefined || !OF_ALL_TENANTS.has(name);
}

const notYours = (operation: AuthOperation, what: string, fix?: string) =>
  factoryError(
    "not_your_data",
    `'${operation.name}' was asked for data ${what}${fix === undefined ? "" : `; ${fix}`}`,
  );
