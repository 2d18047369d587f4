/** The policy about an app's users: what they touch is theirs. */
import { factoryError } from "../../contract/errors.js";
import type { AuthCallback, AuthContext, AuthOperation } from "../auth.js";
import { machineCaller, signedIn, userIdOf, type IdentityOptions } from "./identity.js";

export interface OwnDataOptions extends IdentityOptions {
  /**
   * Whether a conversation belongs to a user, for conversations other than `user:<userId>`, which are always its own.
   * Conversation ids say nothing about people by themselves (`telegram:<chat id>`): ask the app's tables, or
   * `boundConversations(components.agentFactory)`. Default: nobody's.
   */
  ownsConversation?: ConversationOwner;
}
export type ConversationOwner = (
  ctx: AuthContext,
  question: { userId: string; conversationId: string },
) => Promise<boolean>;

/**
 * Signed-in users reach their own data and nobody else's; refusals are `unauthorized` (not signed in) and `not_your_data`.
 * - A call that names a user must name the caller.
 * - A call that names a conversation must name one of the caller's.
 * - A call about another single thing (a message, a push job, a worker) does not show whose it is, and neither does a
 *   write that names nobody: refused. The calls for one agent of one user (`updatePushJobForAgent` …) name the user.
 * - Other reads are about the app as a whole, for example `queueStats`: allowed.
 *
 * Workers and cron jobs pass. Administrative operations stay refused; wrap this in `allowAdmins` to have some.
 */
export function ownDataOnly(options: OwnDataOptions = {}): AuthCallback {
  return async (ctx, operation) => {
    const machine = machineCaller(operation);
    if (machine !== null) return machine;
    const userId = userIdOf(await signedIn(ctx), options);
    const { consumerUserId, conversationId } = operation;
    if (consumerUserId !== undefined && consumerUserId !== userId)
      throw notYours(operation, "of another user");
    if (conversationId !== undefined && !(await owns(ctx, options, { userId, conversationId }))) {
      throw notYours(operation, "of another user's conversation");
    }
    if (consumerUserId === undefined && conversationId === undefined && !isAboutTheApp(operation)) {
      throw notYours(operation, "of which the call does not say whose it is");
    }
    return userId;
  };
}

/** `user:ann:g2` is the second conversation of `ann`: it must not pass for the first one of a user `ann:g2`. */
const GENERATION = /:g\d+$/;

async function owns(
  ctx: AuthContext,
  { ownsConversation }: OwnDataOptions,
  question: { userId: string; conversationId: string },
): Promise<boolean> {
  const isOwn = question.conversationId === `user:${question.userId}` && !GENERATION.test(question.userId);
  if (isOwn) return true;
  return (await ownsConversation?.(ctx, question)) ?? false;
}

/** Nothing of a single person is read or changed, as far as the call shows. */
function isAboutTheApp({ type, access, messageId, workerId, jobId }: AuthOperation): boolean {
  // The grant is missing anyway: the library refuses with `admin_required`, which says more.
  if (access === "admin") return true;
  return type === "read" && messageId === undefined && workerId === undefined && jobId === undefined;
}

const notYours = (operation: AuthOperation, what: string) =>
  factoryError("not_your_data", `'${operation.name}' was asked for data ${what}`);
