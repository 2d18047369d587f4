/**
 * Hands out the most deserving ready conversation of the worker's lanes. Reads a constant number of documents whatever the
 * backlog, the number of workers or the length of the history. Writes the conversation and a lease; arms the reaper once
 * per grid point. Two claims of two conversations share no row.
 */
import * as contract from "../../contract/queue.js";
import { DEFAULT_LANE, MAX_LANES } from "../../policy/queue/lane.js";
import { retryWaitMs } from "../../policy/queue/retry.js";
import { errorDataOf, factoryError, type ErrorData } from "../../contract/errors.js";
import { noteSecretRead } from "../audit/tally.js";
import { loadRuntime, type Runtime } from "../config/runtime.js";
import { asMutation } from "../functions.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { newestLease } from "../workers/reads.js";
import { bindWorker } from "../workers/bindWorker.js";
import { findWorker, noteIdlePoll } from "../workers/register.js";
import { authorizeWorker, type WorkerGrant } from "../workers/tokens/authorize.js";
import { reapPoint, setReapAlarm } from "../line/alarms.js";
import { findConversation } from "./enqueue.js";
import { buildBundle } from "./hydrate.js";
import { leaseOnWire } from "./lease.js";
import type { Candidate } from "./discover.js";
import { idleHint, type IdleWorker } from "../workers/idleHint.js";
import type { Quiet } from "../workers/quiet.js";
import type { ObjectType } from "convex/values";
import { canServe } from "../../policy/queue/canServe.js";
import { shallGiveWayFirst } from "../../policy/worker/release.js";

export interface ClaimScope {
  workerId: string;
  workspace: string | null;
  lanes: string[] | null;
  /** What the worker's engine declares; absent: what its row says. */
  stateful?: boolean;
  /** Whether it hears its wake-ups; absent: what its row says. */
  listens?: boolean;
  /** The process of the worker that calls; absent: it does not name itself. */
  instance?: string;
  /** The lease whose end asks for more work. */
  after?: Id<"leases">;
  grant: WorkerGrant;
}

type ClaimArgs = ObjectType<typeof contract.claim.args>;

export const claim = asMutation(contract.claim)(async (ctx, args) => {
  const wish = wishOf(args);
  return (await seek(ctx, await scopeOf(ctx, args), { ...wish, promptInText: !wish.hydrate })).job;
});

export const poll = asMutation(contract.poll)(async (ctx, args) => {
  const found = await seek(ctx, await scopeOf(ctx, args), { ...wishOf(args), hint: true });
  if ("refusal" in found) throw factoryError(found.refusal.code, found.refusal.message, found.refusal);
  return found.job ? { job: found.job, idle: null } : { job: null, idle: await idleHint(ctx, found) };
});

async function scopeOf(ctx: MutationCtx, args: ClaimArgs): Promise<ClaimScope> {
  const grant = await authorizeWorker(ctx, args);
  return {
    workerId: args.workerId,
    workspace: grant.workspace ?? args.workspaceId ?? null,
    lanes: grant.lanes,
    // The published image cannot say so, but its engine keeps state on disk.
    stateful: args.stateful ?? (grant.viaAlias ? true : undefined),
    listens: args.listens,
    instance: args.instance,
    grant,
  };
}

interface Wish {
  conversationId?: string;
  hydrate: boolean;
  /** The published image reads the text of the claim alone, so the system prompt stands in it. */
  promptInText?: boolean;
  /** Whether a claim that finds nothing shall look what its worker may wait for. */
  hint?: boolean;
}

const wishOf = ({ conversationId, hydrate = false }: ClaimArgs): Wish => ({ conversationId, hydrate });

/** The next job within the scope, or null. Also used by `settle` to hand out work in the same call. */
export async function claimJob(
  ctx: MutationCtx,
  scope: ClaimScope,
  wish: { hydrate: boolean },
): Promise<contract.Job | null> {
  return (await seek(ctx, scope, wish)).job;
}

type Found = { job: contract.Job } | { job: null; refusal: ErrorData } | ({ job: null } & IdleWorker);

/** Whether nothing about the worker is new, so that nobody need be asked and nothing noted. */
const isAsLastTime = (
  worker: Doc<"workers"> | null,
  { stateful, listens, instance, grant }: Pick<ClaimScope, "stateful" | "listens" | "instance" | "grant">,
): boolean =>
  worker !== null &&
  (grant.trusted || worker.tokenId === grant.tokenId) &&
  worker.instance === instance &&
  worker.silentSince === undefined &&
  (worker.stateful ?? false) === stateful &&
  (worker.listens ?? false) === listens;

/** The next job within the scope, or what is known of a worker that gets none. */
async function seek(ctx: MutationCtx, scope: ClaimScope, wish: Wish): Promise<Found> {
  const { workerId, grant } = scope;
  let worker = await findWorker(ctx, workerId);
  const lanes = (scope.lanes ?? worker?.lanes ?? [DEFAULT_LANE]).slice(0, MAX_LANES);
  const stateful = scope.stateful ?? worker?.stateful ?? false;
  const listens = scope.listens ?? worker?.listens ?? false;
  const coming = { workerId, workspace: scope.workspace, lanes, stateful, listens, instance: scope.instance };
  if (!isAsLastTime(worker, { ...coming, grant })) {
    const { trusted, tokenId, family, workerId: boundTo, workspace, maxWorkers } = grant;
    const refusal: ErrorData | null = await ctx.runMutation(internal.queue.meetWorker, {
      ...coming,
      grant: { trusted, tokenId, family, workerId: boundTo, workspace, maxWorkers },
    });
    if (refusal) return { job: null, refusal };
    worker = await findWorker(ctx, workerId);
  }
  if (worker?.status !== "active") return { job: null, worker, listens: false, quiet: null };
  const runtime = await loadRuntime(ctx);
  const { policies } = runtime;
  const now = Date.now();
  const expiresAt = now + policies.lease.leaseMs;
  const reapAt = reapPoint(expiresAt, policies.lease.reapGridMs);
  const workspace = scope.workspace ?? worker.workspace ?? null;
  const bound = stateful ? worker.binding?.conversation : undefined;
  const seeker = { ...scope, workspace, lanes, bound, looksAround: wish.hint === true && !listens };
  // One that does not name itself may know no such request, and would only wait.
  const asked = bound !== undefined && scope.instance !== undefined ? worker.binding : undefined;
  const givesWay = shallGiveWayFirst(asked ?? {}, now);
  const found: Choice = givesWay ? NOTHING : await findWork(ctx, seeker, wish.conversationId, reapAt, now);
  const message = found.conversation?.head ? await ctx.db.get(found.conversation.head) : null;
  if (!found.conversation || !message) {
    if (found.needsTending)
      await ctx.runMutation(internal.queue.tendBound, { worker: worker._id, lanes, workspace });
    await noteIdlePoll(ctx, workerId, policies.lease.staleAfterMs, grant.tokenId ?? undefined);
    return { job: null, worker, listens, quiet: found.quiet };
  }
  const { conversation } = found;
  const owned = stateful ? await bindWorker(ctx, worker, conversation) : {};
  const lease = await ctx.db.insert("leases", {
    conversation: conversation._id,
    message: message._id,
    worker: scope.workerId,
    state: "live",
    expiresAt,
    leaseMs: policies.lease.leaseMs,
    workspace: conversation.workspace,
    lane: conversation.lane,
    band: conversation.band,
    served: found.charge,
    seenAt: now,
    after: scope.after,
  });
  const maxAttempts = message.maxAttempts ?? policies.retry.maxAttempts;
  const backoffMs = retryWaitMs(conversation, policies.retry, now, Math.random());
  const held = { maxAttempts, backoffMs };
  await ctx.db.patch(conversation._id, {
    ...held,
    ...owned,
    state: "held",
    lease,
    holder: scope.workerId,
    wakeAt: undefined,
  });
  if (!found.reapArmed) await setReapAlarm(ctx, reapAt);
  const job = await jobOf(ctx, { ...conversation, ...held }, message, {
    lease,
    expiresAt,
    runtime,
    wish,
    worker: scope.workerId,
  });
  return { job };
}

/** The answer to a call that ended `scope.after` was lost: hands out the job that it brought, or claims. */
export async function claimAgain(
  ctx: MutationCtx,
  scope: ClaimScope,
  wish: { hydrate: boolean },
): Promise<contract.Job | null> {
  const lease = await newestLease(ctx, scope.workerId);
  if (lease?.state !== "live" || lease.after !== scope.after) return await claimJob(ctx, scope, wish);
  const conversation = await ctx.db.get(lease.conversation);
  const message = await ctx.db.get(lease.message);
  if (!conversation || !message || conversation.lease !== lease._id) return null;
  const runtime = await loadRuntime(ctx);
  // It counts from this answer on, so the lease does too.
  const seenAt = Date.now();
  const expiresAt = seenAt + lease.leaseMs;
  await ctx.db.patch(lease._id, { expiresAt, seenAt });
  return await jobOf(ctx, conversation, message, {
    lease: lease._id,
    expiresAt,
    runtime,
    wish,
    worker: scope.workerId,
  });
}

interface Hold {
  lease: Id<"leases">;
  expiresAt: number;
  runtime: Runtime;
  wish: Wish;
  worker: string;
}

/** The job as a worker sees it, from rows that are held. */
async function jobOf(
  ctx: MutationCtx,
  conversation: Doc<"conversations">,
  message: Doc<"messageQueue">,
  { lease, expiresAt, runtime, wish, worker }: Hold,
): Promise<contract.Job> {
  const opening = { ...ctx, openedSecrets: new Set<string>() };
  const hydrated = wish.hydrate ? await tryHydrate(opening, message, conversation, runtime) : {};
  // Without hydration the worker fetches it with a query, which can write nothing down: that it may is noted here.
  const readable = wish.hydrate ? opening.openedSecrets : [`agent:${conversation.agentKey}`];
  if (!hydrated.hydrationError) await noteSecretRead(ctx, worker, readable);
  return {
    messageId: message._id,
    conversationId: conversation.conversationId,
    agentKey: conversation.agentKey,
    leaseId: leaseOnWire(conversation._id, lease),
    leaseExpiresAt: expiresAt,
    leaseMs: expiresAt - Date.now(),
    payload: wish.promptInText ? withPrompt(message.payload, runtime.systemPrompt) : message.payload,
    attempt: (conversation.failing?.count ?? conversation.attempts) + 1,
    maxAttempts: conversation.maxAttempts,
    heartbeatIntervalMs: runtime.policies.lease.heartbeatIntervalMs,
    ...hydrated,
  };
}

/** As 1.0.11 joined them. */
function withPrompt(payload: contract.Payload, prompt: string | null): contract.Payload {
  if (prompt === null) return payload;
  const said = payload.messageText.trimEnd();
  return { ...payload, messageText: said === "" ? prompt : `${said}\n\n${prompt}` };
}

/** A secret that cannot be opened must not undo the claim: the next one would choose the same conversation again. */
async function tryHydrate(
  ctx: MutationCtx,
  message: Doc<"messageQueue">,
  conversation: Doc<"conversations">,
  runtime: Runtime,
): Promise<Pick<contract.Job, "hydration" | "hydrationError">> {
  try {
    const hydration = await buildBundle(ctx, message, conversation, runtime);
    return hydration ? { hydration } : { hydrationError: "agent_not_found" };
  } catch (error) {
    const known = errorDataOf(error);
    if (!known) throw error;
    return { hydrationError: known.code };
  }
}

interface Choice {
  conversation: Doc<"conversations"> | null;
  /** The tick that its flow is charged; absent for one that was not drawn from the line. */
  charge?: number;
  reapArmed: boolean;
  /** Null where nobody looked. */
  quiet: Quiet | null;
  /** The worker's own conversation is nobody's, or waits for somebody else: see `workers/tend.ts`. */
  needsTending?: boolean;
}

const NOTHING: Choice = { conversation: null, reapArmed: false, quiet: null };

type Seeker = ClaimScope & {
  lanes: string[];
  bound: Id<"conversations"> | undefined;
  /** Whether to look, with the same discovery, what the worker may wait for. */
  looksAround: boolean;
};

async function findWork(
  ctx: MutationCtx,
  scope: Seeker,
  conversationId: string | undefined,
  reapAt: number,
  now: number,
): Promise<Choice> {
  if (conversationId !== undefined || scope.bound !== undefined) {
    const asked =
      scope.bound === undefined
        ? await findConversation(ctx, conversationId ?? "")
        : await boundConversation(ctx, scope.bound, conversationId);
    if (!asked || !isClaimable(asked, scope)) {
      const quiet: Quiet | null = scope.looksAround
        ? await ctx.runQuery(internal.queue.findQuiet, {}, { useStaleSnapshot: true })
        : null;
      const needsTending =
        scope.bound !== undefined &&
        asked !== null &&
        (asked.owner === undefined || (asked.owner === scope.workerId && asked.state === "ready"));
      return { conversation: null, reapArmed: false, quiet, needsTending };
    }
    const reapArmed: boolean = await ctx.runQuery(
      internal.queue.isReapArmed,
      { reapAt },
      { useStaleSnapshot: true },
    );
    return { conversation: asked, reapArmed, quiet: null };
  }
  const { workspace, looksAround, workerId: worker } = scope;
  const dice = [Math.random(), Math.random(), Math.random()];
  const seen: { turns: Candidate[]; reapArmed: boolean; quiet: Quiet | null } = await ctx.runQuery(
    internal.queue.findCandidates,
    { worker, lanes: scope.lanes, workspace, reapAt, now, looksAround, dice },
    { useStaleSnapshot: true },
  );
  const { reapArmed } = seen;
  // The snapshot may be old: rely only on the row itself. Somebody else may have been faster; the next one will do as well.
  for (const { id, charge } of seen.turns) {
    const conversation = await ctx.db.get(id);
    if (conversation && isClaimable(conversation, scope))
      return { conversation, charge, reapArmed, quiet: null };
  }
  return { conversation: null, reapArmed, quiet: seen.quiet };
}

/** A worker that holds a conversation's data directory is offered that conversation and no other. */
async function boundConversation(
  ctx: MutationCtx,
  bound: Id<"conversations">,
  wanted: string | undefined,
): Promise<Doc<"conversations"> | null> {
  const conversation = await ctx.db.get(bound);
  return wanted === undefined || conversation?.conversationId === wanted ? conversation : null;
}

function isClaimable(conversation: Doc<"conversations">, scope: Seeker): boolean {
  return (
    conversation.state === "ready" &&
    (conversation.owner === undefined || conversation.owner === scope.workerId) &&
    canServe(scope, conversation)
  );
}
