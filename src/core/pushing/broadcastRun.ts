/**
 * The durable run of a broadcast: one workflow step per batch. A run ends after some batches and a new one follows, because a
 * workflow reads all its earlier steps again at each one: that keeps the cost in proportion to the targets.
 */
import { asMutation } from "../functions.js";
import { cleanup, start, vResultValidator, vWorkflowId } from "@convex-dev/workflow";
import { v } from "convex/values";
import { recordAct } from "../audit/record.js";
import { components, internal } from "../../component/_generated/api.js";
import type { Id, Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { workflows } from "../workflows.js";
import { utf8Bytes } from "../../policy/queue/size.js";
import { findAgent } from "../agents/findAgent.js";
import { activeBindingsOfWorkspace } from "../identity/bindings.js";
import type { Binding } from "../identity/contactBinding.js";
import { readBounded } from "../bounds/bounded.js";
import type { EnqueueArgs } from "../queue/enqueue.js";
import { tryDeliver, type Delivery } from "./run.js";
import { targetOf } from "./target.js";

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
  args: { workflowId: vWorkflowId, result: vResultValidator, context: v.object(broadcastArgs) },
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

/** A target reads some 15 index ranges of the 4 096 that a transaction may read. */
const BATCH = 100;
/** Of the text, written once for each target: a quarter of what a deployment may write in a second. */
const BATCH_BYTES = 1024 * 1024;

/** @returns the broadcast as it is now; the same as before when it is not running any more, null when it is gone. */
export async function deliverBatch(
  ctx: MutationCtx,
  broadcastId: Id<"messagePushBroadcasts">,
  providerConfig?: EnqueueArgs["providerConfig"],
): Promise<Doc<"messagePushBroadcasts"> | null> {
  const broadcast = await ctx.db.get(broadcastId);
  if (broadcast?.status !== "running") return broadcast;
  let { totalTargets, enqueuedCount, failedCount } = broadcast;
  let { workspaces, after } = broadcast.cursor;
  const most = Math.max(1, Math.floor(BATCH_BYTES / utf8Bytes(broadcast.title + broadcast.text)));
  for (let room = Math.min(BATCH, most); room > 0 && workspaces[0] !== undefined;) {
    const { rows: bindings, capped } = await readBounded(
      activeBindingsOfWorkspace(ctx, workspaces[0], after),
      room,
    );
    for (const binding of bindings) {
      const outcome = await reach(ctx, broadcast, binding, providerConfig);
      if (outcome === "enqueued") enqueuedCount += 1;
      if (outcome === "failed") failedCount += 1;
      if (outcome !== null) totalTargets += 1;
    }
    after = capped ? bindings.at(-1)?._creationTime : undefined;
    if (!capped) workspaces = workspaces.slice(1);
    room = capped ? 0 : room - bindings.length;
  }
  const now = Date.now();
  await ctx.db.patch(broadcastId, {
    totalTargets,
    enqueuedCount,
    failedCount,
    cursor: { workspaces, after },
    progressAt: now,
    ...(workspaces.length === 0 && { status: "done" as const, completedAt: now }),
  });
  const current = await ctx.db.get(broadcastId);
  if (current?.status === "done") {
    await recordAct(ctx, {
      kind: "broadcast.done",
      actor: "component",
      subject: broadcastId,
      detail: { enqueued: String(current.enqueuedCount), failed: String(current.failedCount) },
    });
  }
  return current;
}

/** null: not a target, or reached already. */
async function reach(
  ctx: MutationCtx,
  broadcast: Doc<"messagePushBroadcasts">,
  binding: Binding,
  providerConfig: EnqueueArgs["providerConfig"],
): Promise<"enqueued" | "failed" | null> {
  const { consumerUserId, agentKey } = binding;
  // Who was bound after the call was not meant by it.
  if (binding.boundAt > broadcast.requestedAt) return null;
  const agent = await findAgent(ctx, agentKey);
  // The profile decides, not what the binding remembers: an agent may have moved to another workspace since.
  if (!agent?.enabled || agent.workspace !== binding.workspace) return null;
  const known = await ctx.db
    .query("messagePushBroadcastDispatches")
    .withIndex("by_target", (q) => q.eq("broadcastId", broadcast._id).eq("consumerUserId", consumerUserId))
    .first();
  if (known) return null;
  const runKey = `broadcast:${broadcast._id}:${agentKey}:${consumerUserId}`;
  const target = await targetOf(ctx, { consumerUserId, agentKey, binding });
  const delivery: Delivery = await tryDeliver(ctx, target, {
    runKey,
    text: `${broadcast.title}\n\n${broadcast.text}`.trim(),
    metadata: { broadcastId: broadcast._id, adminInitiated: "true", companyId: broadcast.companyId },
    providerConfig,
  });
  const status = "error" in delivery ? "failed" : "enqueued";
  await ctx.db.insert("messagePushBroadcastDispatches", {
    broadcastId: broadcast._id,
    consumerUserId,
    agentKey,
    runKey,
    status,
    createdAt: Date.now(),
    ...("error" in delivery ? delivery : { enqueuedMessageId: delivery.messageId }),
  });
  return status;
}
