/** What becomes of the conversation that a worker is bound to, when its poll finds that it cannot have it. */
import { v } from "convex/values";
import { asMutation } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import { freeConversation } from "./binding.js";
import { bindWorker } from "./bindWorker.js";
import { askToRelease } from "./wakeRing.js";
import { canServe } from "../../policy/queue/canServe.js";
import { mayGiveWay } from "../../policy/worker/release.js";

/**
 * It was taken for lost and is back before anybody else took the conversation: that is its own again. Where the next message is in
 * a lane or of a workspace that the worker does not serve, it shall save and let go; when it does not in time, the conversation is free without.
 */
export const tend = asMutation({
  args: {
    worker: v.id("workers"),
    lanes: v.array(v.string()),
    workspace: v.union(v.string(), v.null()),
  },
  returns: v.null(),
})(async (ctx, { worker: id, lanes, workspace }) => {
  const worker = await ctx.db.get(id);
  const conversation = worker?.binding && (await ctx.db.get(worker.binding.conversation));
  if (!worker?.binding || !conversation || conversation.generation !== worker.binding.generation) return null;
  const serves = canServe({ lanes, workspace }, conversation);
  if (conversation.owner === undefined) {
    if (serves && mayWait(conversation))
      await ctx.db.patch(conversation._id, await bindWorker(ctx, worker, conversation));
  } else if (conversation.state === "ready" && !serves) {
    if (worker.binding.askedAt === undefined) await askToRelease(ctx, worker, worker.binding);
    else if (!mayGiveWay(worker.binding, Date.now()))
      await freeConversation(ctx, conversation, worker.workerId);
  }
  return null;
});

/** Held by somebody else it is not for the taking; one that is ready is claimed, not reserved. */
const mayWait = ({ state }: Doc<"conversations">): boolean => state === "idle" || state === "backoff";
