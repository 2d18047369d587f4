/**
 * Moves every secret from older master keys to the current one, in steps of its own, while secrets are read: a row changes
 * its wrapped key and key id together, and both keys are at hand, so a reader finds either the old pair or the new one.
 * Writes `secrets`, `rewrapRuns` and the audit log.
 */
import { v } from "convex/values";
import { errorDataOf } from "../../contract/errors.js";
import * as contract from "../../contract/secrets.js";
import { NONCE_BYTES } from "../../policy/secrets/envelope.js";
import type { MasterKey } from "../../policy/secrets/masterKey.js";
import { rewrapDataKey } from "../../policy/secrets/sealEnvelope.js";
import { recordAct } from "../audit/record.js";
import { asMutation, asQuery } from "../functions.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { findMasterKey } from "./keyRing.js";
import { existingMasterKey } from "./seal.js";
import { countBudget, countSealed, firstOfNextKey } from "./sealedRows.js";

/** Rows carry values of up to 64 KiB, which a patch writes again: 3.2 MiB of 16 in the worst case. */
const BATCH = 50;

type Run = Doc<"rewrapRuns">;
type Cursor = Run["cursor"];
/** Active versions first. */
const START: Cursor = { active: true, keyId: "", after: 0 };

export const rewrapSecrets = asMutation(contract.rewrapSecrets)(async (ctx) => {
  const target = await existingMasterKey(ctx);
  const run = await newestRun(ctx);
  const isJoined = target !== null && run?.keyId === target.keyId && (await isUnderWay(ctx, run));
  if (target && !isJoined) await startRun(ctx, target, run);
  return await progress(ctx);
});

export const rewrapProgress = asQuery(contract.rewrapProgress)((ctx) => progress(ctx));

/** Starts over, or where a run towards the same key was interrupted. */
async function startRun(ctx: MutationCtx, target: MasterKey, run: Run | null): Promise<void> {
  const isResumed = run?.keyId === target.keyId && run.finishedAt === undefined;
  const generation = (run?.generation ?? 0) + 1;
  const step = await ctx.scheduler.runAfter(0, internal.upkeep.rewrapStep, { generation });
  const fresh = { keyId: target.keyId, ...FRESH, startedAt: Date.now() };
  if (!run) await ctx.db.insert("rewrapRuns", { ...fresh, generation, step });
  else await ctx.db.patch(run._id, { ...(isResumed ? { lastError: undefined } : fresh), generation, step });
  await recordAct(ctx, {
    kind: "vault.rewrapStarted",
    actor: "host",
    subject: target.keyId,
    detail: { resumed: String(isResumed) },
  });
}

const FRESH = { cursor: START, done: 0, failed: 0, lastError: undefined, finishedAt: undefined };

export const step = asMutation({ args: { generation: v.number() }, returns: v.null() })(async (
  ctx,
  { generation },
) => {
  const run = await newestRun(ctx);
  if (run?.generation !== generation) return null;
  try {
    await rewrapBatch(ctx, run);
  } catch (error) {
    const known = errorDataOf(error);
    if (!known) throw error;
    // The environment holds no usable key at present; `rewrapSecrets` goes on from here once it does.
    await ctx.db.patch(run._id, { lastError: known.message, step: undefined });
  }
  return null;
});

async function rewrapBatch(ctx: MutationCtx, run: Run): Promise<void> {
  const to = await existingMasterKey(ctx);
  // The key changed under way: what was moved to the one before has to move again.
  if (to && to.keyId !== run.keyId) return await startRun(ctx, to, run);
  const batch = to && (await nextBatch(ctx, run.cursor, to.keyId));
  if (!to || !batch) return await finish(ctx, run);
  const from = await findMasterKey(ctx, batch.cursor.keyId);
  let { failed, done, lastError } = run;
  for (const row of batch.rows) {
    const { secretRef, version, keyId } = row;
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const wrapped =
      from && (await rewrapDataKey({ from, to }, { secretRef, version }, row.wrappedKey, nonce));
    if (wrapped) {
      await ctx.db.patch(row._id, { wrappedKey: wrapped.buffer, keyId: to.keyId });
      done += 1;
    } else {
      failed += 1;
      const cause = from ? "its row was altered" : `master key ${keyId} is not available`;
      lastError = `Secret '${secretRef}' version ${version}: ${cause}.`;
    }
  }
  const { generation } = run;
  const next = await ctx.scheduler.runAfter(0, internal.upkeep.rewrapStep, { generation });
  await ctx.db.patch(run._id, { cursor: batch.cursor, done, failed, lastError, step: next });
}

/** The next rows that are not under the target key, all under one key; null when none is left. */
async function nextBatch(
  ctx: MutationCtx,
  start: Cursor,
  targetKeyId: string,
): Promise<{ rows: Doc<"secrets">[]; cursor: Cursor } | null> {
  let cursor = start;
  for (;;) {
    const { active, keyId, after } = cursor;
    if (keyId !== "" && keyId !== targetKeyId) {
      const rows = await ctx.db
        .query("secrets")
        .withIndex("by_wipedAt_and_keyId", (q) =>
          q.eq("wipedAt", undefined).eq("active", active).eq("keyId", keyId).gt("_creationTime", after),
        )
        .take(BATCH);
      const last = rows.at(-1);
      if (last) return { rows, cursor: { ...cursor, after: last._creationTime } };
    }
    const next = await firstOfNextKey(ctx, active, keyId);
    if (next) cursor = { active, keyId: next.keyId, after: 0 };
    else if (active) cursor = { active: false, keyId: "", after: 0 };
    else return null;
  }
}

async function finish(ctx: MutationCtx, run: Run): Promise<void> {
  await ctx.db.patch(run._id, { finishedAt: Date.now(), step: undefined });
  await recordAct(ctx, {
    kind: "vault.rewrapped",
    actor: "component",
    subject: run.keyId,
    detail: { done: String(run.done), failed: String(run.failed) },
  });
}

async function progress(ctx: QueryCtx | MutationCtx) {
  const run = await newestRun(ctx);
  if (!run) {
    const none = { keyId: null, running: false, done: 0, failed: 0, total: 0, totalCapped: false };
    return { ...none, lastError: null, startedAt: null, finishedAt: null };
  }
  const { keyId, done, failed } = run;
  const budget = countBudget();
  const active = await countSealed(ctx, true, { otherThan: keyId }, budget);
  const superseded = await countSealed(ctx, false, { otherThan: keyId }, budget);
  return {
    keyId,
    running: run.finishedAt === undefined && (await isUnderWay(ctx, run)),
    done,
    failed,
    // Those that failed are still under their old key, and so among the ones counted.
    total: done + Math.max(failed, active.count + superseded.count),
    totalCapped: active.capped || superseded.capped,
    lastError: run.lastError ?? null,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt ?? null,
  };
}

const newestRun = (ctx: QueryCtx | MutationCtx): Promise<Run | null> => ctx.db.query("rewrapRuns").first();

async function isUnderWay(ctx: QueryCtx | MutationCtx, { step }: Run): Promise<boolean> {
  const state = step && (await ctx.db.system.get(step))?.state.kind;
  return state === "pending" || state === "inProgress";
}
