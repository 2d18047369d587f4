/**
 * Serves one slot of one job. In one transaction: the message, the record of the run, and the job's next run, so that an
 * interruption leaves either all of it or none. The run key also guards the queue and the record against a repeat.
 */
import { scheduleNext } from "./jobFields.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { type EnqueueArgs, enqueueMessage } from "../queue/enqueue.js";
import { findDispatch, recordDispatch, type DispatchStatus, type RunResult } from "./dispatches.js";
import { reachableWorkspaces, targetOfJob, type PushTarget } from "./target.js";
import { errorDataOf, factoryError } from "../../contract/errors.js";

const NO_AGENT = "No active agent binding for user";
/** A slot served later than this was missed: the system stood still or was not there. */
const MISSED_AFTER_MS = 15 * 60_000;

/** What runs of one batch share. */
export interface Batch {
  now: number;
  providerConfig?: EnqueueArgs["providerConfig"];
  /** Reachable workspaces by company, read once per batch. */
  workspaces: Map<string, readonly string[]>;
}

/** @param job due: its `nextRunAt` has come. Slots passed over since then are part of this one run. */
export async function runSlot(
  ctx: MutationCtx,
  job: Doc<"messagePushJobs"> & { nextRunAt: number },
  batch: Batch,
): Promise<DispatchStatus> {
  const scheduledFor = job.nextRunAt;
  const runKey = `scheduled:${job._id}:${scheduledFor}`;
  // Never the slot that is being served, whatever the clock says.
  const nextRunAt = await scheduleNext(ctx, job, Math.max(batch.now, scheduledFor));
  if (await findDispatch(ctx, runKey)) {
    await ctx.db.patch(job._id, { nextRunAt });
    return "skipped";
  }
  if (job.missedRunPolicy === "skip" && batch.now - scheduledFor > MISSED_AFTER_MS) {
    await ctx.db.patch(job._id, { nextRunAt });
    const result = { skipped: "The slot was missed" };
    return await recordDispatch(ctx, job, { runKey, scheduledFor, agentKey: job.agentKey, result });
  }
  const { agentKey, result } = await send(ctx, job, runKey, batch);
  await ctx.db.patch(job._id, { nextRunAt, lastRunAt: batch.now, lastRunKey: runKey });
  return await recordDispatch(ctx, job, { runKey, scheduledFor, agentKey, result });
}

async function send(
  ctx: MutationCtx,
  job: Doc<"messagePushJobs">,
  runKey: string,
  batch: Batch,
): Promise<{ agentKey: string | undefined; result: RunResult }> {
  const workspaces = batch.workspaces.get(job.companyId) ?? (await reachableWorkspaces(ctx, job.companyId));
  batch.workspaces.set(job.companyId, workspaces);
  const target = await targetOfJob(ctx, job, workspaces);
  if (!target) return { agentKey: job.agentKey, result: { error: NO_AGENT } };
  const push = { ...pushOf(job, runKey, "scheduled"), providerConfig: batch.providerConfig };
  return { agentKey: target.agentKey, result: await tryDeliver(ctx, target, push) };
}

const pushOf = (job: Doc<"messagePushJobs">, runKey: string, pushMode: "manual" | "scheduled"): Push => ({
  runKey,
  text: job.text,
  metadata: { pushJobId: job._id, pushMode },
});

export interface Push {
  /** Names this run for ever: the same key enqueues nothing a second time. */
  runKey: string;
  text: string;
  metadata: Record<string, string>;
  providerConfig?: EnqueueArgs["providerConfig"];
}

/** Throws what `enqueueMessage` throws. */
const deliver = (ctx: MutationCtx, target: PushTarget, push: Push): Promise<Id<"messageQueue">> =>
  enqueueMessage(ctx, {
    conversationId: target.conversationId,
    agentKey: target.agentKey,
    payload: {
      ...target.payload,
      messageText: push.text,
      metadata: { ...target.metadata, ...push.metadata, runKey: push.runKey },
    },
    idempotencyKey: push.runKey,
    providerConfig: push.providerConfig,
  });

export type Delivery = { messageId: Id<"messageQueue"> } | { error: string };

/**
 * As `deliver`, for one of many: what the queue refuses on purpose (which it does before it writes anything) is that one's
 * result and not the end of the batch.
 */
export async function tryDeliver(ctx: MutationCtx, target: PushTarget, push: Push): Promise<Delivery> {
  try {
    return { messageId: await deliver(ctx, target, push) };
  } catch (error) {
    const refusal = errorDataOf(error);
    if (refusal === null) throw error;
    return { error: refusal.message };
  }
}

/** Throws `push_no_binding` and what the queue throws; then nothing is recorded. */
export async function triggerJob(
  ctx: MutationCtx,
  job: Doc<"messagePushJobs">,
  providerConfig: EnqueueArgs["providerConfig"],
): Promise<{ enqueuedMessageId: string; runKey: string }> {
  const now = Date.now();
  const runKey = `manual:${job._id}:${now}`;
  const target = await targetOfJob(ctx, job, await reachableWorkspaces(ctx, job.companyId));
  if (!target) throw factoryError("push_no_binding", NO_AGENT);
  const messageId = await deliver(ctx, target, { ...pushOf(job, runKey, "manual"), providerConfig });
  // Two calls within one millisecond are one run.
  if (!(await findDispatch(ctx, runKey))) {
    const { agentKey } = target;
    await recordDispatch(ctx, job, { runKey, scheduledFor: now, agentKey, result: { messageId } });
    await ctx.db.patch(job._id, { lastRunAt: now, lastRunKey: runKey });
  }
  return { enqueuedMessageId: messageId, runKey };
}
