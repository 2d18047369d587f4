/** What goes with the answer to a claim that found nothing. */
import type { IdleHint } from "../../contract/workers.js";
import { POLL_AT_LEAST_MS, POLL_AT_MOST_MS, pollHintMs } from "../../policy/worker/pollHint.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import type { Quiet } from "./quiet.js";
import { controlStateOf, type Wanted } from "./reads.js";

/** What a claim that found nothing knows of its worker. */
export interface IdleWorker {
  worker: Wanted | null;
  /** It hears its wake-ups. */
  listens: boolean;
  /** Null: nobody looked, as the worker need not know or there is work around. */
  quiet: Quiet | null;
}

/** Reads what only this worker's own affairs change: its probes and, where it has one, its conversation. */
export async function idleHint(ctx: QueryCtx, { worker, listens, quiet }: IdleWorker): Promise<IdleHint> {
  return { retryAfterMs: waitMs(listens, quiet), ...(await controlStateOf(ctx, worker)) };
}

function waitMs(listens: boolean, quiet: Quiet | null): number {
  if (listens) return POLL_AT_MOST_MS;
  if (quiet === null) return POLL_AT_LEAST_MS;
  const now = Date.now();
  return pollHintMs({
    quietMs: quiet.since === null ? null : now - quiet.since,
    nextDueInMs: quiet.nextDueAt === null ? null : quiet.nextDueAt - now,
    listens,
  });
}
