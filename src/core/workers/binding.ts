/**
 * Binding: a worker whose engine keeps memory on disk holds one conversation's data directory at a time. The worker row
 * names the conversation (`binding`), the conversation names its `owner`, and only the owner may claim it.
 *
 * The two sides part in one case: the owner lost its lease. Then the conversation is free at once (`freeConversation`), and
 * the worker keeps its `binding`: it may still save what it has under its own generation, or take the conversation again
 * while nobody else did. Every new owner raises the generation, which fences snapshots.
 */
import { poolOf } from "../../policy/queue/lane.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { readyFields } from "../queue/model.js";

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

/** Lets any worker of its lane claim the conversation, if `workerId` owns it. Returns whether it did. */
export async function freeConversation(
  ctx: MutationCtx,
  conversation: Conversation,
  workerId: string,
): Promise<boolean> {
  if (conversation.owner !== workerId) return false;
  const freed = { ...conversation, owner: undefined };
  await ctx.db.patch(conversation._id, {
    owner: undefined,
    ...(conversation.state === "ready"
      ? { ...(await readyFields(ctx, freed)), readyAt: conversation.readyAt }
      : { pool: poolOf(conversation.lane, undefined) }),
  });
  return true;
}

/** Frees the conversation this worker holds, if it still does. */
export async function freeBound(ctx: MutationCtx, worker: Doc<"workers">): Promise<void> {
  const conversation = worker.binding && (await ctx.db.get(worker.binding.conversation));
  if (conversation) await freeConversation(ctx, conversation, worker.workerId);
}

/** The worker has saved and wiped its data directory: it may take any conversation again. */
export async function unbindWorker(ctx: MutationCtx, worker: Doc<"workers">): Promise<void> {
  await freeBound(ctx, worker);
  await ctx.db.patch(worker._id, { binding: undefined });
}
