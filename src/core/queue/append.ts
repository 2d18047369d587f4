/** Appends turns to a conversation's history. A worker's turns belong to its current message and count once. */
import * as contract from "../../contract/queue.js";
import { factoryError } from "../../contract/errors.js";
import { asMutation } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { findConversation } from "./enqueue.js";
import { mayTouch } from "./lease.js";
import { appendTurns, flush, record, type NewTurn } from "./reply.js";

export const appendConversationMessages = asMutation(contract.appendConversationMessages)(async (
  ctx,
  args,
) => {
  const grant = await authorizeWorker(ctx, args);
  const conversation = await findConversation(ctx, args.conversationId);
  if (!conversation) return { updated: false, messageCount: 0 };
  if (args.workspaceId !== undefined && args.workspaceId !== conversation.workspace) {
    throw factoryError(
      "workspace_mismatch",
      `The conversation does not belong to workspace '${args.workspaceId}'`,
    );
  }
  if (grant.trusted && args.workerId === undefined) {
    return { updated: true, messageCount: await appendTurns(ctx, conversation, args.messages) };
  }
  if (!mayTouch(conversation, grant, args))
    throw factoryError("lease_lost", "The worker does not hold this conversation");
  return { updated: true, messageCount: await appendForHead(ctx, conversation, args.messages) };
});

/** The published image knows no `settle`: it appends, sends, completes. Its assistant turn is the record of the reply. */
async function appendForHead(
  ctx: MutationCtx,
  conversation: Doc<"conversations">,
  turns: NewTurn[],
): Promise<number> {
  const message = conversation.head && (await ctx.db.get(conversation.head));
  if (!message || message.turnsAt !== undefined) return conversation.turnCount;
  const answer = turns.findLast((turn) => turn.role === "assistant");
  const recorded = await record(ctx, conversation, message._id, {
    turns,
    ...(answer && { reply: { text: answer.content, parts: 1 }, sendingPart: 0 }),
  });
  await flush(ctx, { conversation, message: message._id }, recorded);
  return recorded.conversation.turnCount ?? conversation.turnCount;
}
