/**
 * The durable run of a broadcast: one workflow step per batch. A run ends after some batches and a new one follows, because a
 * workflow reads all its earlier steps again at each one: that keeps the cost in proportion to the targets.
 */
import { asMutation } from "../functions.js";
import { cleanup, start, vResultValidator, vWorkflowId } from "@convex-dev/workflow";
import { v } from "convex/values";
import { recordAct } from "../audit/record.js";
import { components, internal } from "../../component/_generated/api.js";
import type { Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { workflows } from "../workflows.js";
import { deliverBatch } from "./broadcastBatch.js";

const STEPS_PER_RUN = 25;
const broadcastArgs = { broadcastId: v.id("messagePushBroadcasts") };

/** The name is stored in running workflows: a change of its steps is a new function beside it. */
export const broadcastV1 = workflows
  .define({ args: broadcastArgs, returns: v.null() })
  .handler(async (step, { broadcastId }): Promise<null> => {
    for (let done = 0; done < STEPS_PER_RUN; done += 1) {
      const more = await step.runMutation(
        internal.broadcasts.deliverBatch,
        { broadcastId },
        { name: "batch" },
      );
      if (!more) break;
    }
    return null;
  });

/** Whether targets remain. */
export const batch = asMutation({ args: broadcastArgs, returns: v.boolean() })(
  async (ctx, { broadcastId }) => (await deliverBatch(ctx, broadcastId))?.status === "running",
);

/** Runs once when a workflow has ended: follows up, or records that it broke off. */
export const ended = asMutation({
  args: {
    workflowId: vWorkflowId,
    result: vResultValidator,
    context: v.object(broadcastArgs),
  },
  returns: v.null(),
})(async (ctx, { workflowId, result, context: { broadcastId } }) => {
  const broadcast = await ctx.db.get(broadcastId);
  if (broadcast?.status === "running") {
    if (result.kind === "success") await startRun(ctx, broadcastId);
    else await breakOff(ctx, broadcastId, result.kind === "failed" ? result.error : "The run was canceled");
  }
  await cleanup(ctx, components.workflow, workflowId);
  return null;
});

/** Asynchronous, so that it nests no deeper than any other call. */
export async function startRun(ctx: MutationCtx, broadcastId: Id<"messagePushBroadcasts">): Promise<void> {
  await start(
    ctx,
    internal.broadcasts.broadcastV1,
    { broadcastId },
    { startAsync: true, onComplete: internal.broadcasts.endRun, context: { broadcastId } },
  );
}

async function breakOff(ctx: MutationCtx, broadcastId: Id<"messagePushBroadcasts">, error: string) {
  await ctx.db.patch(broadcastId, { status: "failed", error, completedAt: Date.now() });
  await recordAct(ctx, {
    kind: "broadcast.failed",
    actor: "component",
    subject: broadcastId,
    detail: { error },
  });
}
