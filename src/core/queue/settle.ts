/**
 * The end of a message, and everything a worker records before it. Every write is fenced by the lease (`lease.ts`).
 * Writes `messageQueue`, `leases`, `conversations`, `turns`.
 *
 * The reply is recorded before anything is sent, each part is noted just before it goes out, and the message ends after
 * that: whoever takes over resumes at the first part that certainly did not go out.
 */
import * as contract from "../../contract/queue.js";
import type { ObjectType } from "convex/values";
import { asMutation } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { claimAgain, claimJob } from "./claim.js";
import { findHold, type Hold } from "./lease.js";
import { endHead, park } from "./model.js";
import { flush, nothingRecorded, record, sendingFailed, type Recorded } from "./reply.js";
import { cutText } from "../../policy/text/cut.js";

/** Error texts are kept for people; more than this says nothing more. */
const MAX_ERROR_CHARS = 2_000;
const leaseLost = { ok: false as const, reason: "lease_lost" as const };

export const complete = asMutation(contract.complete)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  return await completeHold(ctx, await findHold(ctx, args, grant), args.workerId, nothingRecorded);
});

export const fail = asMutation(contract.fail)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const hold = await findHold(ctx, args, grant);
  if (hold.kind !== "held") return { requeued: false, deadLettered: false, nextScheduledFor: null };
  const nextScheduledFor = await failHold(ctx, hold, args.errorMessage, true);
  return { requeued: nextScheduledFor !== null, deadLettered: nextScheduledFor === null, nextScheduledFor };
});

export const settle = asMutation(contract.settle)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const hold = await findHold(ctx, args, grant);
  const scope = {
    workerId: args.workerId,
    workspace: grant.workspace,
    lanes: grant.lanes,
    instance: args.instance,
    ...("lease" in hold ? { after: hold.lease } : {}),
    grant,
  };
  const ending = await end(ctx, hold, args);
  if (ending) {
    const next = args.claimNext && args.outcome ? await claimJob(ctx, scope, args.claimNext) : null;
    return { ok: true as const, ...ending, next };
  }
  const status = args.outcome && (await earlierEnd(ctx, hold, args.workerId));
  if (!status) return leaseLost;
  const next = args.claimNext ? await claimAgain(ctx, scope, args.claimNext) : null;
  return { ok: true as const, status, nextScheduledFor: null, next };
});

type SettleArgs = ObjectType<typeof contract.settle.args>;
type Status = "held" | "done" | "queued" | "dead_letter";

/** Records and ends as far as the lease allows; null when it allows nothing. */
async function end(
  ctx: MutationCtx,
  hold: Hold,
  args: SettleArgs,
): Promise<{ status: Status; nextScheduledFor: number | null } | null> {
  const completing = args.outcome?.kind === "complete";
  const mayRecord = hold.kind === "held" || (hold.kind === "late" && completing);
  const recorded = mayRecord ? await record(ctx, hold.conversation, hold.message, args) : nothingRecorded;
  if (completing) {
    const completed = await completeHold(
      ctx,
      hold,
      args.workerId,
      recorded,
      (args.ambiguousParts ?? []).length > 0,
    );
    return completed ? { status: "done", nextScheduledFor: null } : null;
  }
  if (hold.kind !== "held") return null;
  await flush(ctx, hold, recorded);
  if (args.outcome?.kind !== "fail") return { status: "held", nextScheduledFor: null };
  const nextScheduledFor = await failHold(
    ctx,
    hold,
    args.outcome.errorMessage,
    args.outcome.retryable ?? true,
  );
  return { status: nextScheduledFor === null ? "dead_letter" : "queued", nextScheduledFor };
}

/** The answer to an earlier call of the same worker with this lease was lost: what it did, or null. */
async function earlierEnd(ctx: MutationCtx, hold: Hold, workerId: string): Promise<Status | null> {
  if (hold.kind !== "gone") return null;
  const lease = await ctx.db.get(hold.lease);
  if (lease?.state !== "ended" || lease.worker !== workerId || lease.message !== hold.message) return null;
  const message = await ctx.db.get(hold.message);
  return message && message.status !== "delayed" ? message.status : null;
}

/** Accepts a held lease, a late one that nobody replaced, and one whose own expiry dead-lettered the message. */
async function completeHold(
  ctx: MutationCtx,
  hold: Hold,
  workerId: string,
  recorded: Recorded,
  doubtful = false,
): Promise<boolean> {
  switch (hold.kind) {
    case "foreign":
      return false;
    case "gone":
      return await completeAfterEnd(ctx, hold, workerId, doubtful);
    case "held":
      await ctx.db.patch(hold.lease, { state: "ended", seenAt: Date.now() });
      await endHead(
        ctx,
        hold.conversation,
        { status: "done", lease: hold.lease, attempts: hold.conversation.attempts },
        recorded,
      );
      return true;
    case "late":
      if ((await ctx.db.get(hold.lease))?.worker !== workerId) return false;
      await ctx.db.patch(hold.lease, { state: "ended", seenAt: Date.now() });
      await flush(ctx, hold, recorded);
      if (recorded.message.ambiguousAt === undefined)
        await clearAmbiguity(ctx, await ctx.db.get(hold.message));
      await endHead(ctx, hold.conversation, {
        status: "done",
        lease: hold.lease,
        attempts: hold.conversation.attempts,
      });
      return true;
  }
}

/** The expiry of this very lease ended the message: its worker finished all the same and knows better, unless it is in doubt too. */
async function completeAfterEnd(
  ctx: MutationCtx,
  hold: Extract<Hold, { kind: "gone" }>,
  workerId: string,
  doubtful: boolean,
): Promise<boolean> {
  const message = await ctx.db.get(hold.message);
  if (message?.endedBy !== hold.lease) return false;
  const lease = await ctx.db.get(hold.lease);
  if (lease?.state !== "expired" || lease.worker !== workerId) return false;
  await ctx.db.patch(hold.lease, { state: "ended" });
  await ctx.db.patch(message._id, { status: "done", lastError: undefined });
  if (!doubtful) await clearAmbiguity(ctx, message);
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
  const error = cutText(errorMessage, MAX_ERROR_CHARS);
  const attempts = hold.conversation.attempts + 1;
  await ctx.db.patch(hold.lease, { state: "ended", seenAt: Date.now() });
  if (retryable && attempts < hold.conversation.maxAttempts) {
    await sendingFailed(ctx, hold.message);
    return await park(ctx, hold.conversation, { error, lease: undefined });
  }
  await endHead(ctx, hold.conversation, { status: "dead_letter", lease: hold.lease, error, attempts });
  return null;
}
