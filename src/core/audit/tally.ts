/**
 * Acts that are too frequent for a line each. They are counted in `auditTallies` over a window and become one line when it
 * has ended (`fold.ts`).
 */
import type { AuditDoor, AuditKind } from "../../contract/audit.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { cutText } from "../../policy/text/cut.js";

const MINUTE_MS = 60_000;
const REFUSAL_WINDOW_MS = MINUTE_MS;
const READ_WINDOW_MS = 10 * MINUTE_MS;
/** Counters per refusal and minute: two refusals at once mostly meet different ones, and an attack makes no more rows. */
const REFUSAL_SHARDS = 8;
const MAX_EXAMPLES = 3;
/** Longest worker id that is kept, in characters. */
const MAX_WORKER_CHARS = 200;

/** Reasons are error codes and examples are ids: anything else came from outside and is not worth keeping. */
const REASON_SHAPE = /^[a-z0-9_]{1,64}$/;
const EXAMPLE_SHAPE = /^[\w.:-]{1,128}$/;

const KIND_OF_DOOR: Record<AuditDoor, AuditKind> = {
  gateway: "worker.refused",
  alias: "worker.refused",
  webhook: "webhook.refused",
  api: "api.refused",
};

/**
 * Counts a refused call: one row per door, reason and minute in the log. Reads and writes one document; may be retried
 * when it meets another refusal of the same kind, so it belongs in a transaction of its own. Calls that succeed pay nothing.
 */
export async function recordRefusal(
  ctx: MutationCtx,
  refusal: { door: AuditDoor; reason: string; subject?: string },
): Promise<void> {
  const windowEnd = windowEndOf(Date.now(), REFUSAL_WINDOW_MS);
  const kind = KIND_OF_DOOR[refusal.door];
  const reason = REASON_SHAPE.test(refusal.reason) ? refusal.reason : "other";
  const shard = Math.floor(Math.random() * REFUSAL_SHARDS);
  const counter = await ctx.db
    .query("auditTallies")
    .withIndex("by_window", (q) =>
      q
        .eq("windowEnd", windowEnd)
        .eq("kind", kind)
        .eq("actor", refusal.door)
        .eq("subject", reason)
        .eq("shard", shard),
    )
    .first();
  const example =
    refusal.subject !== undefined && EXAMPLE_SHAPE.test(refusal.subject) ? [refusal.subject] : [];
  const examples = mergeExamples(counter?.examples, example);
  if (counter) await ctx.db.patch(counter._id, { count: counter.count + 1, examples });
  else {
    const row = { windowEnd, kind, actor: refusal.door, subject: reason, shard, count: 1, examples };
    await ctx.db.insert("auditTallies", row);
  }
}

/**
 * Notes that a claim made secrets readable for a worker: their refs, or `agent:<agentKey>` for all those of an agent. A
 * plain insert: it reads nothing, and two claims never conflict over it. No refs, no write.
 */
export async function noteSecretRead(
  ctx: MutationCtx,
  workerId: string,
  refs: Iterable<string>,
): Promise<void> {
  const subject = [...new Set(refs)].sort().join(" ");
  if (subject === "") return;
  const windowEnd = windowEndOf(Date.now(), READ_WINDOW_MS);
  const actor = `worker:${cutText(workerId, MAX_WORKER_CHARS)}`;
  await ctx.db.insert("auditTallies", { windowEnd, kind: "secret.read", actor, subject, shard: 0, count: 1 });
}

/** At most three different ones; the first stay. */
export const mergeExamples = (kept: readonly string[] = [], more: readonly string[] = []): string[] =>
  [...new Set([...kept, ...more])].slice(0, MAX_EXAMPLES);

const windowEndOf = (now: number, windowMs: number): number => (Math.floor(now / windowMs) + 1) * windowMs;
