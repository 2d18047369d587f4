/** A worker gives up its conversation once its memory is safe. Writes the worker's and the conversation's side. */
import * as contract from "../../contract/snapshots.js";
import { asMutation } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { unbindWorker } from "../workers/binding.js";
import { findWorker } from "../workers/register.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { findOwnSnapshot } from "./own.js";

export const releaseConversation = asMutation(contract.releaseConversation)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const row = await findOwnSnapshot(ctx, grant, args);
  if (row?.status !== "ready" || row.conversationId !== args.conversationId) return false;
  const worker = await findWorker(ctx, args.workerId);
  if (!worker) return false;
  // The answer to an earlier call was lost.
  if (!worker.binding) return true;
  if (!(await holdsEverything(ctx, row, worker.binding))) return false;
  await unbindWorker(ctx, worker);
  return true;
});

/** While the conversation is still this owner's, the snapshot must have its last turn and no message may be in hand. */
async function holdsEverything(
  ctx: QueryCtx,
  row: Doc<"dataSnapshots">,
  binding: NonNullable<Doc<"workers">["binding"]>,
): Promise<boolean> {
  if (row.generation !== binding.generation || row.conversationId !== binding.conversationId) return false;
  if (row.workspaceId !== binding.workspace || row.agentKey !== binding.agentKey) return false;
  const conversation = await ctx.db.get(binding.conversation);
  if (!conversation || conversation.generation !== binding.generation) return true;
  if (conversation.state === "held" && conversation.holder === row.workerId) return false;
  return row.turnCount >= conversation.turnCount;
}
