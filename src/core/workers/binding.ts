/**
 * Binding: a worker whose engine keeps memory on disk holds one conversation's data directory at a time. The worker row
 * names the conversation (`binding`), the conversation names its `owner`, and only the owner may claim it.
 *
 * The two sides part in one case: the owner lost its lease. Then the conversation is free at once (`freeConversation`), and
 * the worker keeps its `binding`: it may still save what it has under its own generation, or take the conversation again
 * while nobody else did. Every new owner raises the generation, which fences snapshots. `bindWorker.ts` binds; here it ends.
 */
import { poolOf } from "../../policy/queue/lane.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { readyFields } from "../line/ready.js";

type Conversation = Doc<"conversations">;

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
