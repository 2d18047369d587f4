/**
 * The end of a message, and everything a worker records before it. Every write is fenced by the lease (`lease.ts`).
 * Writes `messageQueue`, `leases`, `conversations`, `turns`.
 *
 * The reply is recorded before anything is sent, each part is noted just before it goes out, and the message ends after
 * that: whoever takes over resumes at the first part that certainly did not go out.
 */
import * as contract from "../../contract/queue.js";
import type { ObjectType } from "convex/values";
import { loadRuntime } from "../config/runtime.js";
import { asMutation } from "../functions.js";
import { internal } from "../../component/_generated/api.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { claimAgain, claimJob } from "./claim.js";
import { findHold, type Hold } from "./lease.js";
import { endHead, backOff } from "./model.js";
import { flush, record, sendingFailed } from "./reply.js";
import { giveUpAt } from "../../policy/queue/retry.js";
import { cutText } from "../../policy/text/cut.js";
import { redactCredentials } from "../../policy/text/redact.js";

/** Error texts are kept for people; more than this says nothing more. */
const MAX_ERROR_CHARS = 2_000;
const leaseLost = { ok: false as const, reason: "lease_lost" as const };

export const complete = asMutation(contract.complete)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const outcome = { kind: "complete" as const };
  return (await end(ctx, await findHold(ctx, args, grant), { ...args, outcome })) !== null;
});

export const fail = asMutation(contract.fail)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const hold = await findHold(ctx, args, grant);
  if (hold.kind !== "held") return { requeued: false, deadLettered: false, nextScheduledFor: null };
  const nextScheduledFor = await failHold(ctx, hold, args);
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
type Failure = Omit<Extract<NonNullable<SettleArgs["outcome"]>, { kind: "fail" }>, "kind">;
type Status = "held" | "done" | "queued" | "dead_letter";

interface Ending {
  status: Status;
  nextScheduledFor: number | null;
}

/** Records and ends as far as the lease allows; null when it allows nothing. */
async function end(
  ctx: MutationCtx,
  hold: Hold,
  args: Pick<SettleArgs, "workerId" | "turns" | "reply" | "sendingPart" | "ambiguousParts" | "outcome">,
): Promise<Ending | null> {
  const { outcome, workerId: worker, turns, reply, sendingPart, ambiguousParts } = args;
  const completes = outcome?.kind === "complete";
  if (hold.kind === "foreign") return null;
  if (hold.kind !== "held") {
    if (!outcome) return null;
    const head = hold.kind === "late" ? hold.conversation._id : undefined;
    const { lease, message } = hold;
    const said = { turns, reply, sendingPart, ambiguousParts };
    const late = { head, lease, message, worker, completes, said };
    const heard: Ending | null = await ctx.runMutation(internal.queue.hearLate, late);
    return heard;
  }
  const recorded = await record(ctx, hold.conversation, hold.message, args);
  if (completes) {
    await ctx.db.patch(hold.lease, { state: "ended", seenAt: Date.now() });
    const { attempts } = hold.conversation;
    await endHead(ctx, hold.conversation, { status: "done", lease: hold.lease, attempts }, recorded);
    return { status: "done", nextScheduledFor: null };
  }
  await flush(ctx, hold, recorded);
  if (outcome?.kind !== "fail") return { status: "held", nextScheduledFor: null };
  const nextScheduledFor = await failHold(ctx, hold, outcome);
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

/** When the next attempt is due, or null when the message became a dead letter. */
async function failHold(
  ctx: MutationCtx,
  { conversation, lease, message }: Extract<Hold, { kind: "held" }>,
  { errorMessage, retryable = true, blames, retryAfterMs = 0 }: Failure,
): Promise<number | null> {
  const error = cutText(redactCredentials(errorMessage), MAX_ERROR_CHARS);
  const service = blames === "service";
  const attempts = conversation.attempts + (service ? 0 : 1);
  await ctx.db.patch(lease, { state: "ended", seenAt: Date.now() });
  const wanted = service || retryAfterMs > 0;
  const longestMs = wanted ? (await loadRuntime(ctx)).policies.retry.serviceMaxAgeMs : 0;
  const { since = Infinity, serviceSince = Infinity } = conversation.failing ?? {};
  const isOver = service && Date.now() >= giveUpAt({ since, serviceSince }, longestMs);
  if (retryable && attempts < conversation.maxAttempts && !isOver) {
    await sendingFailed(ctx, message);
    const waitMs = retryAfterMs > 0 ? Math.min(retryAfterMs, longestMs) : 0;
    return await backOff(ctx, conversation, { error, lease: undefined, service, waitMs });
  }
  await endHead(ctx, conversation, { status: "dead_letter", lease, error, attempts });
  return null;
}
