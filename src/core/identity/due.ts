/** What is due of pairings, as ranges of indexes: `upkeep/tick.ts` asks for their first row, the sweeps take a batch. */
import { ATTEMPT_WINDOW_MS } from "../../policy/identity/attempts.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/** How long used and expired codes are kept for onboarding and inspection. */
const ENDED_RETENTION_MS = 30 * 86_400_000;

export const duePairings = (ctx: QueryCtx, now: number) => {
  const codes = (status: "pending" | "used" | "expired", before: number) =>
    ctx.db
      .query("pairingCodes")
      .withIndex("by_status_and_expiresAt", (q) => q.eq("status", status).lt("expiresAt", before));
  return {
    overdue: codes("pending", now),
    used: codes("used", now - ENDED_RETENTION_MS),
    expired: codes("expired", now - ENDED_RETENTION_MS),
    questions: ctx.db
      .query("pairingQuestions")
      .withIndex("by_expiresAt", (q) => q.lt("expiresAt", now - ATTEMPT_WINDOW_MS)),
    attempts: ctx.db
      .query("pairingAttempts")
      .withIndex("by_windowStartedAt", (q) => q.lt("windowStartedAt", now - ATTEMPT_WINDOW_MS)),
  };
};
