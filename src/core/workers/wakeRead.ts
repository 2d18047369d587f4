/** What an idle worker may know: whether it was rung, and how long it may wait until it asks again. */
import * as contract from "../../contract/workers.js";
import { pollHintMs, POLL_AT_MOST_MS } from "../../policy/worker/pollHint.js";
import { asQuery } from "../functions.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { controlStateOf } from "./reads.js";
import { findWorker } from "./register.js";
import { authorizeWorker } from "./tokens/authorize.js";
import { findWake } from "./wakeRow.js";

/** Reads the caller's credential and its own row, so that no other worker's affairs run it again. */
export const workerWake = asQuery(contract.workerWake)(async (ctx, args) => {
  await authorizeWorker(ctx, args);
  const wake = await findWake(ctx, args.workerId);
  return { seq: wake?.seq ?? 0, pollAfterMs: POLL_AT_MOST_MS };
});

/**
 * Goes with the answer to a claim that found nothing. A query of its own, after the claim: what it looks at must not make
 * claims conflict.
 */
export const idleHint = asQuery(contract.idleHint)(async (ctx, { workerId }) => {
  const worker = await findWorker(ctx, workerId);
  const control = await controlStateOf(ctx, worker);
  if (worker?.listens === true) return { retryAfterMs: POLL_AT_MOST_MS, ...control };
  const now = Date.now();
  const facts = { quietMs: await quietFor(ctx, now), nextDueInMs: await nextDueIn(ctx, now), listens: false };
  return { retryAfterMs: pollHintMs(facts), ...control };
});

async function quietFor(ctx: QueryCtx, now: number): Promise<number | null> {
  const message = await ctx.db.query("messageQueue").order("desc").first();
  const lease = await ctx.db.query("leases").order("desc").first();
  const lastAt = Math.max(message?._creationTime ?? 0, lease?._creationTime ?? 0);
  return lastAt === 0 ? null : now - lastAt;
}

/** Retries and delayed messages: the two kinds of work whose time is known. */
async function nextDueIn(ctx: QueryCtx, now: number): Promise<number | null> {
  const parked = await ctx.db
    .query("conversations")
    .withIndex("by_wake", (q) => q.eq("state", "backoff"))
    .first();
  const delayed = await ctx.db
    .query("messageQueue")
    .withIndex("by_due", (q) => q.eq("status", "delayed"))
    .first();
  const at = Math.min(parked?.wakeAt ?? Infinity, delayed?.dueAt ?? Infinity);
  return at === Infinity ? null : at - now;
}
