/** The log for people and for the offline verifier. */
import * as contract from "../../contract/audit.js";
import { factoryError } from "../../contract/errors.js";
import { asQuery } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { pageOf } from "../bounds/bounded.js";
import { chainEnds } from "./chain.js";

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 500;
/** How far unsealed acts are counted. */
const MAX_COUNTED = 100;

/** Throws `invalid_argument`. */
export const exportAudit = asQuery(contract.exportAudit)(async (ctx, args) => {
  const limit = wholeNumber("limit", args.limit ?? DEFAULT_LIMIT, 1, MAX_LIMIT);
  const asked = wholeNumber("afterSeq", args.afterSeq ?? 0, 0, Number.MAX_SAFE_INTEGER);
  const ends = await chainEnds(ctx);
  const anchor = await pointAt(ctx, asked, ends);
  const inOrder = ctx.db.query("auditLog").withIndex("by_seq", (q) => q.gt("seq", anchor.seq));
  const rows = await pageOf(inOrder, limit);
  const entries = rows.map(entryOf);
  const last = entries.at(-1)?.seq ?? anchor.seq;
  return { anchor, entries, nextAfterSeq: last < ends.head.seq ? last : null, head: ends.head };
});

export const auditHead = asQuery(contract.auditHead)(async (ctx) => {
  const waiting = await ctx.db
    .query("auditLog")
    .withIndex("by_seq", (q) => q.eq("seq", undefined))
    .take(MAX_COUNTED + 1);
  return {
    ...(await chainEnds(ctx)),
    unsealed: Math.min(waiting.length, MAX_COUNTED),
    unsealedCapped: waiting.length > MAX_COUNTED,
  };
});

/** The point with that number, moved into what is kept: to the anchor if it is older, to the head if it is newer. */
async function pointAt(
  ctx: QueryCtx,
  seq: number,
  { head, anchor }: { head: contract.AuditPoint; anchor: contract.AuditPoint },
): Promise<contract.AuditPoint> {
  if (seq <= anchor.seq) return anchor;
  if (seq >= head.seq) return head;
  const row = await ctx.db
    .query("auditLog")
    .withIndex("by_seq", (q) => q.eq("seq", seq))
    .first();
  // Whoever removed the row knows a hash that fits; nothing here does, and the verifier will say so.
  return { seq, hash: row ? entryOf(row).hash : contract.AUDIT_GENESIS_HASH };
}

function entryOf({ seq, at, kind, actor, subject, detail, hash }: Doc<"auditLog">): contract.AuditEntry {
  if (seq === undefined || hash === undefined)
    throw new Error("an entry without a number was read by number");
  return { seq, at, kind, actor, subject, detail, hash };
}

function wholeNumber(argument: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw factoryError("invalid_argument", `${argument} must be a whole number from ${min} to ${max}.`, {
    argument,
  });
}
