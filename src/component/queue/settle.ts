/**
 * The end of a message, and everything a worker records before it. Every write is fenced by the lease (`lease.ts`).
 * Writes `messageQueue`, `leases`, `conversations`, `turns`.
 *
 * The reply is recorded before anything is sent, each part is noted just before it goes out, and the message ends after
 * that: whoever takes over resumes at the first part that certainly did not go out.
 */
import * as contract from "../../contract/queue.js";
import { asMutation } from "../functions.js";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { claimJob } from "./claim.js";
import { findHold, type Hold, type LeaseClaim } from "./lease.js";
import { endHead, park } from "./model.js";
import { noteSending, recordReply, recordTurns, sendingFailed } from "./reply.js";

type Held = Extract<Hold, { kind: "held" }>;

/** Error texts are kept for people; more than this says nothing more. */
const MAX_ERROR_CHARS = 2_000;
const leaseLost = { ok: false as const, reason: "lease_lost" as const };

export const complete = asMutation(contract.complete)(async (ctx, args) => {
  await authorizeWorker(ctx, args);
  return await completeHold(ctx, await findHold(ctx, args));
});

export const fail = asMutation(contract.fail)(async (ctx, args) => {
  await authorizeWorker(ctx, args);
  const hold = await findHold(ctx, args);
  if (hold.kind !== "held") return { requeued: false, deadLettered: false, nextScheduledFor: null };
  const nextScheduledFor = await failHold(ctx, hold, args.errorMessage, true);
  return { requeued: nextScheduledFor !== null, deadLettered: nextScheduledFor === null, nextScheduledFor };
});

export const settle = asMutation(contract.settle)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const hold = await findHold(ctx, args);
  const recorded = hold.kind === "held" && (await record(ctx, hold, args));
  let status: "held" | "done" | "queued" | "dead_letter" = "held";
  let nextScheduledFor: number | null = null;
  if (args.outcome?.kind === "complete") {
    if (!(await completeHold(ctx, hold))) return leaseLost;
    status = "done";
  } else if (!recorded) {
    return leaseLost;
  } else if (args.outcome?.kind === "fail") {
    nextScheduledFor = await failHold(ctx, hold, args.outcome.errorMessage, args.outcome.retryable ?? true);
    status = nextScheduledFor === null ? "dead_letter" : "queued";
  }
  const scope = { workerId: args.workerId, workspace: grant.workspace, lanes: grant.lanes };
  const next = args.claimNext && args.outcome ? await claimJob(ctx, scope, args.claimNext) : null;
  return { ok: true as const, status, nextScheduledFor, next };
});

/** Turns, reply and the part about to be sent, in this order. */
async function record(
  ctx: MutationCtx,
  hold: Held,
  args: LeaseClaim & { turns?: NewTurn[]; reply?: { text: string; parts: number }; sendingPart?: number },
): Promise<true> {
  if (args.turns) await recordTurns(ctx, hold.conversation, hold.message, args.turns);
  if (args.reply) await recordReply(ctx, hold.message, args.reply);
  if (args.sendingPart !== undefined) await noteSending(ctx, hold.message, args.sendingPart);
  return true;
}
type NewTurn = Parameters<typeof recordTurns>[3][number];

/** Accepts a held lease, a late one that nobody replaced, and one whose own expiry dead-lettered the message. */
async function completeHold(ctx: MutationCtx, hold: Hold): Promise<boolean> {
  switch (hold.kind) {
    case "foreign":
      return false;
    case "gone":
      return await completeAfterEnd(ctx, hold);
    case "held":
      await ctx.db.patch(hold.lease, { state: "ended", seenAt: Date.now() });
      await endHead(ctx, hold.conversation, {
        status: "done",
        lease: hold.lease,
        attempts: hold.conversation.attempts + 1,
      });
      return true;
    case "late":
      await ctx.db.patch(hold.lease, { state: "ended", seenAt: Date.now() });
      await clearAmbiguity(ctx, await ctx.db.get(hold.message));
      await endHead(ctx, hold.conversation, {
        status: "done",
        lease: hold.lease,
        attempts: hold.conversation.attempts,
      });
      return true;
  }
}

/** The expiry of this very lease ended the message: its worker finished all the same and knows better. */
async function completeAfterEnd(ctx: MutationCtx, hold: Extract<Hold, { kind: "gone" }>): Promise<boolean> {
  const message = await ctx.db.get(hold.message);
  if (message?.endedBy !== hold.lease) return false;
  const lease = await ctx.db.get(hold.lease);
  if (lease?.state !== "expired") return false;
  await ctx.db.patch(hold.lease, { state: "ended" });
  await ctx.db.patch(message._id, { status: "done", lastError: undefined });
  await clearAmbiguity(ctx, message);
  return true;
}

/** The worker heard of every part in the end. */
async function clearAmbiguity(ctx: MutationCtx, message: Doc<"messageQueue"> | null): Promise<void> {
  if (message?.ambiguousAt === undefined || !message.reply) return;
  await ctx.db.patch(message._id, {
    ambiguousAt: undefined,
    reply: { ...message.reply, ambiguousParts: [] },
  });
}

/** When the next attempt is due, or null when the message became a dead letter. */
async function failHold(
  ctx: MutationCtx,
  hold: Hold,
  errorMessage: string,
  retryable: boolean,
): Promise<number | null> {
  if (hold.kind !== "held") return null;
  const error = errorMessage.slice(0, MAX_ERROR_CHARS);
  const attempts = hold.conversation.attempts + 1;
  await ctx.db.patch(hold.lease, { state: "ended", seenAt: Date.now() });
  await sendingFailed(ctx, hold.message);
  if (retryable && attempts < hold.conversation.maxAttempts) {
    return await park(ctx, hold.conversation, { error, lease: undefined });
  }
  await endHead(ctx, hold.conversation, { status: "dead_letter", lease: hold.lease, error, attempts });
  return null;
}
