import { defineTable } from "convex/server";
import { v } from "convex/values";

export const auditTables = {
  /**
   * Security-relevant acts, append only: written by whoever acts, in the same transaction, as a plain insert; `seq` and
   * `hash` are added once by `seal.ts`; read by `exportAudit`; deleted by `sweepAudit` after `audit.retentionMs`. Cold.
   * Never holds a secret's value.
   */
  auditLog: defineTable({
    at: v.number(),
    /** What was done, for example `secret.imported`; see `contract/audit.ts`. */
    kind: v.string(),
    /** Who did it: `host`, `worker:<id>`, `user:<id>`, `operator`, `component`, or the door of a refusal. */
    actor: v.string(),
    /** To what: a secret ref, a token id, a worker id, an operation's name. */
    subject: v.string(),
    detail: v.optional(v.record(v.string(), v.string())),
    seq: v.optional(v.number()),
    hash: v.optional(v.string()),
  }).index("by_seq", ["seq"]),
  /**
   * Acts that are counted before they are logged: reads of secrets (plain inserts, so that claims never conflict) and
   * refusals (counters, so that an attack cannot grow the table). Folded into `auditLog`, one row per window, kind, actor
   * and subject, and deleted by `fold.ts` soon after their window. Warm; holds about ten minutes of claims.
   */
  auditTallies: defineTable({
    /** End of the window that is counted together, epoch ms. */
    windowEnd: v.number(),
    kind: v.string(),
    actor: v.string(),
    subject: v.string(),
    /** Which of several counters of the same thing; 0 for what is inserted plainly. */
    shard: v.number(),
    count: v.number(),
    /** A few of those it was about. */
    examples: v.optional(v.array(v.string())),
  }).index("by_window", ["windowEnd", "kind", "actor", "subject", "shard"]),
  /**
   * One row: both ends of the chain. Written by the sealing step (`head`, `step`) and by `sweepAudit` (`anchor`), read by
   * both and by `exportAudit`. Whoever seals or truncates writes it, so two that meet cannot both win.
   */
  auditChain: defineTable({
    head: v.object({ seq: v.number(), hash: v.string() }),
    /** The newest entry that was deleted; genesis before any was. */
    anchor: v.object({ seq: v.number(), hash: v.string() }),
    /** The sealing step that is scheduled or running; it names its successor itself. */
    step: v.optional(v.id("_scheduled_functions")),
  }),
};
