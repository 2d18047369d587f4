/**
 * The states of a conversation and the only code that changes them.
 *
 *   idle ──arrive──▶ ready ──hold──▶ held ──advance──▶ ready (next message) or idle (none)
 *                      ▲               │
 *                      └────wake──── backoff ◀─backOff─ (failed or expired)
 *
 * A head that still waits for its files backs off too, with no attempt behind it, so that nothing overtakes it: `arrive` and
 * `advance` lead to backoff then, and the wake comes when the files are there, at the latest at the message's own deadline.
 *
 * Invariants, under any interleaving: idle ⇔ nothing queued; held ⇔ exactly one live lease, the row's; head = the oldest
 * queued message, unless held, when it is the one in flight. They hold because `arrive` really reads the conversation that
 * `advance` writes, and `advance` really reads the range that an enqueue inserts into: who commits second is retried.
 */
import { internal } from "../../component/_generated/api.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { poolOf } from "../../policy/queue/lane.js";
import { bandOf } from "../../policy/queue/place.js";
import { readyFields } from "../line/ready.js";
import { nothingRecorded, type Recorded } from "./reply.js";

type Conversation = Doc<"conversations">;
type Message = Doc<"messageQueue">;

/** The fields of a conversation that `message` comes to head: ready now, or in backoff while that waits for its files. */
export async function headFields(
  ctx: MutationCtx,
  at: { _id: Id<"conversations">; workspace: string; owner?: string },
  message: { lane: string; waiting?: Message["waiting"] },
  priority: number,
) {
  const { lane, waiting } = message;
  if (waiting === undefined || waiting.until <= Date.now())
    return await readyFields(ctx, { ...at, lane, priority });
  await ctx.scheduler.runAt(waiting.until, internal.queue.wakeConversation, { conversation: at._id });
  return { state: "backoff" as const, lane, pool: poolOf(lane, at.owner), priority, wakeAt: waiting.until };
}

/** A message came into line: makes an idle conversation ready, lifts a waiting one. A busy one needs nothing. */
export async function arrive(
  ctx: MutationCtx,
  conversation: Conversation,
  message: { _id: Id<"messageQueue">; lane: string; priority: number; waiting?: Message["waiting"] },
) {
  if (conversation.state === "idle") {
    const inLine = await headFields(ctx, conversation, message, message.priority);
    await ctx.db.patch(conversation._id, {
      ...inLine,
      head: message._id,
      attempts: 0,
      lease: undefined,
      holder: undefined,
    });
  } else if (conversation.state === "ready" && message.priority > conversation.priority) {
    const { priority } = message;
    await ctx.db.patch(conversation._id, {
      priority,
      band: bandOf(priority),
      rank: conversation.start - priority,
      urgency: -priority,
    });
  }
}

/** The head has ended: the next message takes its place in line, or the conversation rests. */
async function advance(
  ctx: MutationCtx,
  conversation: Conversation,
  also: Recorded["conversation"],
): Promise<void> {
  const next = await ctx.db
    .query("messageQueue")
    .withIndex("by_conversation", (q) => q.eq("conversation", conversation._id).eq("status", "queued"))
    .first();
  const cleared = {
    ...also,
    attempts: 0,
    lease: undefined,
    holder: undefined,
    wakeAt: undefined,
    lastError: undefined,
    failing: undefined,
  };
  if (next === null) {
    await ctx.db.patch(conversation._id, { ...cleared, state: "idle", head: undefined });
    return;
  }
  const inLine = await headFields(ctx, conversation, next, await highestPriority(ctx, conversation));
  await ctx.db.patch(conversation._id, { ...cleared, ...inLine, head: next._id });
}

/** The highest priority among the waiting messages of a conversation that has any. */
async function highestPriority(ctx: MutationCtx, conversation: Conversation): Promise<number> {
  const urgent = await ctx.db
    .query("messageQueue")
    .withIndex("by_urgency", (q) => q.eq("conversation", conversation._id).eq("status", "queued"))
    .order("desc")
    .first();
  return urgent?.priority ?? conversation.priority;
}

/**
 * Puts the head back for `backoffMs`, or `waitMs` if that is longer, with one more attempt behind it, unless a `service` failed
 * it. `lease` undefined refuses a late complete.
 */
export async function backOff(
  ctx: MutationCtx,
  conversation: Conversation,
  why: { error: string; lease: Id<"leases"> | undefined; service?: boolean; waitMs?: number },
): Promise<number> {
  const now = Date.now();
  const wakeAt = now + Math.max(conversation.backoffMs, why.waitMs ?? 0);
  const {
    since,
    count,
    serviceSince = now,
  } = conversation.failing ?? { since: now, count: conversation.attempts };
  const service = why.service === true;
  await ctx.db.patch(conversation._id, {
    state: "backoff",
    attempts: conversation.attempts + (service ? 0 : 1),
    failing: { since, count: count + 1, ...(service && { serviceSince: serviceSince + (why.waitMs ?? 0) }) },
    wakeAt,
    lease: why.lease,
    holder: undefined,
    lastError: why.error,
  });
  await ctx.scheduler.runAt(wakeAt, internal.queue.wakeConversation, { conversation: conversation._id });
  return wakeAt;
}

/** The backoff or the wait for files is over: back in line, with the priority that its messages have by now. */
export async function endBackoff(ctx: MutationCtx, conversation: Conversation, head: Message): Promise<void> {
  const ready = await readyFields(ctx, {
    ...conversation,
    lane: head.lane,
    priority: await highestPriority(ctx, conversation),
  });
  await ctx.db.patch(conversation._id, { ...ready, wakeAt: undefined });
}

/** Ends the head for good and moves the conversation on; what was recorded with the end goes into the same writes. */
export async function endHead(
  ctx: MutationCtx,
  conversation: Conversation,
  end: { status: "done" | "dead_letter"; lease: Id<"leases"> | undefined; error?: string; attempts: number },
  recorded: Recorded = nothingRecorded,
): Promise<void> {
  if (conversation.head !== undefined) {
    await ctx.db.patch(conversation.head, {
      ...recorded.message,
      status: end.status,
      endedAt: Date.now(),
      endedBy: end.lease,
      attempts: end.attempts,
      lastError: end.error,
    });
  }
  await advance(ctx, conversation, recorded.conversation);
}
