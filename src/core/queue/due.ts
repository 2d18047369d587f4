/** What the queue owes the clock, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import type { Policies } from "../../contract/policies.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/** A mover is late, not missing, within this time. */
export const GRACE_MS = 30_000;
/** Ended leases tell this long that their worker had work. */
export const LEASE_RETENTION_MS = 86_400_000;

/** What its mover should have moved on before `before`. `stranded` may be: only those of idle conversations are. */
export const overdue = (ctx: QueryCtx, before: number) => ({
  leases: ctx.db.query("leases").withIndex("by_expiry", (q) => q.eq("state", "live").lt("expiresAt", before)),
  backoffs: ctx.db
    .query("conversations")
    .withIndex("by_wake", (q) => q.eq("state", "backoff").lt("wakeAt", before)),
  delayed: ctx.db
    .query("messageQueue")
    .withIndex("by_due", (q) => q.eq("status", "delayed").lt("dueAt", before)),
  stranded: ctx.db
    .query("messageQueue")
    .withIndex("by_due", (q) => q.eq("status", "queued").lt("dueAt", before)),
});

export const oldMessages = (ctx: QueryCtx, now: number, policy: Policies["queue"]) => {
  const ended = (status: "done" | "dead_letter", keepMs: number) =>
    ctx.db
      .query("messageQueue")
      .withIndex("by_ended", (q) => q.eq("status", status).lt("endedAt", now - keepMs));
  return {
    done: ended("done", policy.doneRetentionMs),
    dead: ended("dead_letter", policy.deadLetterRetentionMs),
  };
};

export const oldLeases = (ctx: QueryCtx, now: number) => {
  const over = (state: "ended" | "expired") =>
    ctx.db
      .query("leases")
      .withIndex("by_expiry", (q) => q.eq("state", state).lt("expiresAt", now - LEASE_RETENTION_MS));
  return { ended: over("ended"), expired: over("expired") };
};
