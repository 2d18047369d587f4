/**
 * Expired leases. The alarm on the grid starts one `expire` per overdue lease, each its own transaction, and sets the next
 * alarm from the earliest live lease; heartbeats therefore touch no alarm. An expiry counts as an attempt, backs off, and
 * ends in the dead letters like any failure. The lease stays on the row: a late complete is accepted until the next claim.
 */
import { v } from "convex/values";
import * as contract from "../../contract/queue.js";
import { loadRuntime } from "../config/runtime.js";
import { asMutation } from "../functions.js";
import { internal } from "../../component/_generated/api.js";
import type { Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { suspectMachine } from "../signals/fleet.js";
import { freeConversation } from "../workers/binding.js";
import { noteLastSeen } from "../workers/register.js";
import { reapPoint } from "../line/alarms.js";
import { clampLimit } from "../bounds/bounded.js";
import { setReapAlarmUnlessSet, takeAlarm } from "./handledAlarms.js";
import { endHead, backOff } from "./model.js";
import { markLost } from "./reply.js";

const LEASE_EXPIRED = "Lease expired while processing";
const BATCH = 250;
/** Expiries here and now: each reads the message that lost its worker and the next one, of at most 1 MiB each. */
const AT_ONCE = 4;
/** After a full batch: what it started is done by then. */
const NEXT_BATCH_MS = 1_000;

export const onAlarm = asMutation({ args: { alarm: v.id("alarms") }, returns: v.null() })(async (
  ctx,
  { alarm },
) => {
  const now = Date.now();
  if ((await takeAlarm(ctx, alarm)) === null) return null;
  const { overdue, nextExpiryAt } = await findOverdue(ctx, now, BATCH);
  for (const lease of overdue) await ctx.scheduler.runAfter(0, internal.queue.expireLease, { lease });
  if (nextExpiryAt !== null) {
    const { policies } = await loadRuntime(ctx);
    // A full batch leaves overdue leases behind.
    const at = nextExpiryAt > now ? reapPoint(nextExpiryAt, policies.lease.reapGridMs) : now + NEXT_BATCH_MS;
    await setReapAlarmUnlessSet(ctx, at);
  }
  return null;
});

export const expire = asMutation({ args: { lease: v.id("leases") }, returns: v.boolean() })(
  (ctx, { lease }) => expireLease(ctx, lease),
);

export const releaseStuckJobs = asMutation(contract.releaseStuckJobs)(async (ctx, { limit }) => {
  const released = await releaseOverdue(ctx, limit);
  return { requeued: released, unlocked: released };
});

/**
 * Releases up to `limit` (at most 250) conversations whose lease is overdue; returns how many. All but the first few follow at
 * once, each in a transaction of its own.
 */
export async function releaseOverdue(ctx: MutationCtx, limit?: number): Promise<number> {
  const most = clampLimit(limit, BATCH, BATCH);
  const { overdue } = await findOverdue(ctx, Date.now(), most);
  let released = 0;
  for (const [index, lease] of overdue.entries()) {
    if (index >= AT_ONCE) await ctx.scheduler.runAfter(0, internal.queue.expireLease, { lease });
    else if (!(await expireLease(ctx, lease))) continue;
    released += 1;
  }
  return released;
}

function findOverdue(
  ctx: MutationCtx,
  now: number,
  limit: number,
): Promise<{ overdue: Id<"leases">[]; nextExpiryAt: number | null }> {
  return ctx.runQuery(internal.queue.findOverdueLeases, { now, limit }, { useStaleSnapshot: true });
}

/** Acts on one lease, and does nothing when it has moved on. Returns whether a conversation was released. */
async function expireLease(ctx: MutationCtx, id: Id<"leases">): Promise<boolean> {
  const lease = await ctx.db.get(id);
  if (lease?.state !== "live" || lease.expiresAt > Date.now()) return false;
  await ctx.db.patch(id, { state: "expired" });
  await noteLastSeen(ctx, lease.worker, lease.seenAt);
  const held = await ctx.db.get(lease.conversation);
  if (held?.state !== "held" || held.lease !== id) return false;
  // Whoever lost its lease is suspect: others may serve the conversation at once.
  const freed = await freeConversation(ctx, held, lease.worker);
  await suspectMachine(ctx, lease.worker);
  const conversation = freed ? { ...held, owner: undefined } : held;
  const message = await ctx.db.get(lease.message);
  const attempts = conversation.attempts + 1;
  if (message && (await markLost(ctx, message))) {
    await endHead(ctx, conversation, { status: "done", lease: id, attempts });
  } else if (attempts < conversation.maxAttempts) {
    await backOff(ctx, conversation, { error: LEASE_EXPIRED, lease: id });
  } else {
    await endHead(ctx, conversation, { status: "dead_letter", lease: id, error: LEASE_EXPIRED, attempts });
  }
  console.warn(
    `queue.leaseExpired conversation=${conversation._id} attempt=${attempts}/${conversation.maxAttempts}`,
  );
  return true;
}
