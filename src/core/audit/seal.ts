/**
 * The single-flight step that gives each line its number and hash. Lines are numbered in the order in which they are
 * sealed; one that arrives late gets a later number and changes none before it. Writes `auditLog` (once per row),
 * `auditChain`, `auditTallies`.
 */
import { asMutation, asQuery } from "../functions.js";
import { v } from "convex/values";
import { entryHash } from "../../policy/audit/chain.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { auditChain, GENESIS } from "./chain.js";
import { dueTallies } from "./due.js";
import { foldTallies } from "./fold.js";

const BATCH = 100;

/**
 * For the cron: schedules a sealing step if there is something to seal and none is on its way; the step goes on by itself
 * while anything is left. Returns the number of steps scheduled, 0 or 1.
 */
export async function sealAudit(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  batch.goesOn = false;
  const rows: Id<"auditLog">[] = await ctx.runQuery(
    internal.upkeep.findUnsealed,
    { limit: 1 },
    { useStaleSnapshot: true },
  );
  if (rows.length === 0 && (await dueTallies(ctx, Date.now()).first()) === null) return 0;
  const chain = await auditChain(ctx);
  if (chain?.step && (await isOnItsWay(ctx, chain.step))) return 0;
  await saveChain(ctx, { step: await ctx.scheduler.runAfter(0, internal.upkeep.sealAuditStep, {}) });
  return 1;
}

export const step = asMutation({ args: {}, returns: v.object({ sealed: v.number() }) })(async (ctx) => {
  const chain = await auditChain(ctx);
  let head = chain?.head ?? GENESIS;
  // Stale, so that lines written meanwhile do not make this retry; each row is read again before it is relied on.
  const ids: Id<"auditLog">[] = await ctx.runQuery(
    internal.upkeep.findUnsealed,
    { limit: BATCH },
    { useStaleSnapshot: true },
  );
  let sealed = 0;
  for (const id of ids) {
    const row = await ctx.db.get(id);
    if (!row || row.seq !== undefined) continue;
    const { at, kind, actor, subject, detail } = row;
    const seq = head.seq + 1;
    head = { seq, hash: await entryHash({ seq, at, kind, actor, subject, detail }, head.hash) };
    await ctx.db.patch(id, head);
    sealed += 1;
  }
  const folding = (await dueTallies(ctx, Date.now()).first()) !== null;
  if (folding) await foldTallies(ctx, Date.now());
  const more = folding || ids.length === BATCH;
  await saveChain(ctx, {
    head,
    step: more ? await ctx.scheduler.runAfter(0, internal.upkeep.sealAuditStep, {}) : undefined,
  });
  return { sealed };
});

/** The oldest lines without a number. */
export const unsealed = asQuery({ args: { limit: v.number() }, returns: v.array(v.id("auditLog")) })(
  async (ctx, { limit }) =>
    (
      await ctx.db
        .query("auditLog")
        .withIndex("by_seq", (q) => q.eq("seq", undefined))
        .take(limit)
    ).map((row) => row._id),
);

async function saveChain(
  ctx: MutationCtx,
  fields: Partial<Pick<Doc<"auditChain">, "head" | "step">>,
): Promise<void> {
  const chain = await auditChain(ctx);
  if (chain) await ctx.db.patch(chain._id, fields);
  else await ctx.db.insert("auditChain", { head: GENESIS, anchor: GENESIS, ...fields });
}

async function isOnItsWay(ctx: MutationCtx, step: Id<"_scheduled_functions">): Promise<boolean> {
  const kind = (await ctx.db.system.get(step))?.state.kind;
  return kind === "pending" || kind === "inProgress";
}
