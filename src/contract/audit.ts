/**
 * The audit log: security-relevant acts, sealed into a hash chain after they were written, so that a later change,
 * deletion, reordering or insertion is found by anyone who kept one hash.
 *
 * Format `agent-factory-audit/1`. With `previous` the hash of the entry before (64 zeros before the first), the hash of an
 * entry is SHA-256, in lower-case hex, over the UTF-8 bytes of the JSON object
 *
 *   {"actor","at","detail","format","kind","previous","seq","subject"}
 *
 * written without white space, keys in code unit order (those of `detail` too), `detail` left out when absent.
 */
import { v, type Infer } from "convex/values";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";

export const AUDIT_FORMAT = "agent-factory-audit/1";
/** What stands before the first entry. */
export const AUDIT_GENESIS_HASH = "0".repeat(64);

/**
 * The kinds of acts that this product records, and other domains' in the same form: `<what>.<done>`.
 * - `secret.read`: Counted per worker, refs and ten minutes: a claim made these secrets readable.
 * - `worker.refused`: Refusals are counted per door, reason and minute.
 */
export type AuditKind =
  | "secret.imported"
  | "secret.rotated"
  | "secret.deleted"
  | "secret.read"
  | "vault.rewrapStarted"
  | "vault.rewrapped"
  | "token.minted"
  | "token.rotated"
  | "token.revoked"
  | "worker.refused"
  | "webhook.refused"
  | "api.refused"
  | "admin.operation"
  | `${string}.${string}`;

/** Where a caller was refused: worker gateway, Telegram webhook, opaque alias, exposed functions. */
const vAuditDoor = lazy(() => oneOf("gateway", "webhook", "alias", "api"));
export type AuditDoor = Infer<typeof vAuditDoor>;

/**
 * - `seq`: 1, 2, 3 … without gaps.
 * - `at`: When it happened, epoch ms; may be smaller than that of the entry before.
 */
const vAuditEntry = lazy(() =>
  v.object({
    seq: v.number(),
    at: v.number(),
    kind: v.string(),
    actor: v.string(),
    subject: v.string(),
    detail: v.optional(v.record(v.string(), v.string())),
    hash: v.string(),
  }),
);
export type AuditEntry = Infer<typeof vAuditEntry>;
/** A point of the chain: the hash of the entry with that number, or the genesis hash with 0. */
const vAuditPoint = lazy(() => v.object({ seq: v.number(), hash: v.string() }));
export type AuditPoint = Infer<typeof vAuditPoint>;

/**
 * Counts one refused call; call it after refusing, never for calls that succeed. Not for clients.
 * - `reason`: A stable error code, never text of the caller.
 * - `subject`: Whom it was about, as far as that is known for sure: a token id, a worker id. A few are kept as examples.
 */
export const recordRefusal = mutation(
  "operators",
  "package",
)(() => ({
  args: {
    door: vAuditDoor,
    reason: v.string(),
    subject: opt.string,
  },
  returns: v.null(),
}));
/**
 * Writes down that an administrative operation was called. Not for clients.
 * - `userId`: The user whom `auth` named; null = the operator functions, which ask nobody.
 * - `scope`: What the call was about, as `auth` saw it.
 */
export const recordAdminOperation = mutation(
  "operators",
  "package",
)(() => ({
  args: {
    operation: v.string(),
    userId: orNull.string,
    scope: v.optional(v.record(v.string(), v.string())),
  },
  returns: v.null(),
}));
/** The newest sealed entry, what precedes the oldest one kept, and how many acts wait to be sealed (counted up to 100). */
export const auditHead = query(
  "operators",
  "admin",
)(() => ({
  args: {},
  returns: v.object({
    head: vAuditPoint,
    anchor: vAuditPoint,
    unsealed: v.number(),
    unsealedCapped: v.boolean(),
  }),
}));
/**
 * Sealed entries after `afterSeq` (default: from the oldest kept), at most `limit` (1..500, default 200). `anchor` is the
 * point before the first of them; it lies later than asked for when older entries have outlived their retention. As JSON
 * lines, `anchor` and each entry on a line of their own, pages one after the other are what `scripts/audit/verify.ts` reads.
 * - returns `nextAfterSeq`: For the next page; null = this was the last.
 */
export const exportAudit = query(
  "operators",
  "admin",
)(() => ({
  args: { afterSeq: opt.number, limit: opt.number },
  returns: v.object({
    anchor: vAuditPoint,
    entries: v.array(vAuditEntry),
    nextAfterSeq: orNull.number,
    head: vAuditPoint,
  }),
}));
