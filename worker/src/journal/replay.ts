/** Says what an earlier process, or this one before an outage, could not. */
import type { Logger } from "pino";
import { TransportError, type Transport } from "../transport/transport.js";
import type { Journal } from "./journal.js";

export interface ReplayDeps {
  journal: Journal;
  /** Calls under another worker's name: the lease of a will is its writer's. */
  transportFor: (workerId: string) => Pick<Transport, "settle">;
  log: Logger;
  /** Counts what became of each. */
  onReplayed?: (result: "accepted" | "too_late" | "refused") => void;
}

/** A call at which the component itself fails so often would fail for ever, and the worker would claim nothing meanwhile. */
const MAX_SERVER_FAILURES = 5;

/**
 * Repeats each open will, oldest first, under the fence of its lease. One whose message somebody else has by now is dropped
 * quietly. Rejects with the `TransportError` of the first call that may succeed later, or whose credential is refused;
 * what was not said by then stays open.
 */
export async function replay(deps: ReplayDeps, signal?: AbortSignal): Promise<void> {
  const { journal, log, onReplayed } = deps;
  for (const will of journal.open()) {
    const { workerId, messageId, leaseId, request } = will;
    try {
      const result = await deps.transportFor(workerId).settle({ messageId, leaseId }, request, signal);
      journal.settled(will);
      onReplayed?.(result.ok ? "accepted" : "too_late");
      if (result.ok) log.info({ messageId, status: result.status }, "journal.replayed");
      else log.debug({ messageId }, "journal.tooLate");
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      if (isAboutTheToken(error) || error.code === "aborted") throw error;
      if (error.retryable && !(error.code === "internal" && journal.failedAgain(will) >= MAX_SERVER_FAILURES))
        throw error;
      journal.settled(will);
      onReplayed?.("refused");
      // `lease_lost` is the same news as a result that says so.
      if (error.code === "lease_lost") log.debug({ messageId }, "journal.tooLate");
      else log.warn({ messageId, code: error.code }, "journal.refused");
    }
  }
}

/** The claim that follows meets the same refusal and ends the worker; the will waits for one with a good token. */
const isAboutTheToken = ({ code }: TransportError): boolean =>
  code === "worker_token_required" ||
  code === "worker_token_invalid" ||
  code === "worker_token_expired" ||
  code === "worker_token_revoked";
