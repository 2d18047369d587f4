/** A worker with memory on disk takes a conversation for its own; `binding.ts` says what that means. */
import { poolOf } from "../../policy/queue/lane.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";

type Conversation = Doc<"conversations">;
type BindableWorker = Pick<Doc<"workers">, "_id" | "workerId" | "binding">;

/** The owner's fields for the conversation row; writes the worker's side when it changes. */
export async function bindWorker(
  ctx: MutationCtx,
  worker: BindableWorker,
  conversation: Conversation,
): Promise<Partial<Conversation>> {
  const { binding } = worker;
  const generation = conversation.generation ?? 0;
  const same = binding?.conversation === conversation._id && binding.generation === generation;
  const owned = { owner: worker.workerId, pool: poolOf(conversation.lane, worker.workerId) };
  if (same) return conversation.owner === worker.workerId ? {} : owned;
  await ctx.db.patch(worker._id, {
    binding: {
      conversation: conversation._id,
      conversationId: conversation.conversationId,
      agentKey: conversation.agentKey,
      workspace: conversation.workspace,
      generation: generation + 1,
      boundAt: Date.now(),
    },
  });
  return { ...owned, generation: generation + 1 };
}
