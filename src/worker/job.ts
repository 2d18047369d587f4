/**
 * One message from claim to end: run the engine, record the answer, note and send each part, end. Nothing is sent
 * before the answer is recorded, so a later attempt resumes at sending and never runs the engine again.
 */
import type { Logger } from "pino";
import type { Job } from "../contract/queue.js";
import type { Delivery, Recipient, SendResult } from "./delivery/delivery.js";
import { EngineError, type Engine } from "./engines/engine.js";
import {
  holdLease,
  Interrupted,
  type LeaseHolder,
  type LeaseHolderDeps,
  type Settled,
} from "./leaseHolder.js";
import { runEngine } from "./runEngine.js";
import { TransportError, type SettleRequest } from "./transport/transport.js";

export interface JobDeps extends LeaseHolderDeps {
  engine: Engine;
  delivery: Delivery;
  log: Logger;
  /** Longest engine run in ms. */
  engineTimeoutMs: number;
  /** Whether to ask for the next job while ending this one. */
  mayClaimNext(): boolean;
}

type Outcome = NonNullable<SettleRequest["outcome"]>;
/** `asked`: whether the next job was asked for. */
type Ended = Settled & { asked: boolean };

/** What the ending write said about the next job; `unknown` when it was not asked or not heard. */
export type NextJob = Job | "none" | "unknown";

/** Does the job; whatever goes wrong becomes an outcome or a log line. */
export async function runJob(deps: JobDeps, job: Job, force: AbortSignal): Promise<NextJob> {
  const { metrics } = deps;
  const log = deps.log.child({
    messageId: job.messageId,
    conversationId: job.conversationId,
    attempt: job.attempt,
  });
  log.info({ agentKey: job.agentKey }, "worker.jobStarted");
  metrics.inFlight.inc();
  const lease = holdLease({ ...deps, log }, job, force);
  try {
    const settled = await work(deps, lease, job, log);
    metrics.messages.inc({ outcome: settled.status });
    log.info({ status: settled.status }, "worker.jobEnded");
    return settled.next ?? (settled.asked ? "none" : "unknown");
  } catch (error) {
    await giveUp(deps, lease, error, log);
    return "unknown";
  } finally {
    await lease.release();
    metrics.inFlight.dec();
  }
}

/** Does all the work; every expected failure becomes an outcome here. */
async function work(deps: JobDeps, lease: LeaseHolder, job: Job, log: Logger): Promise<Ended> {
  const end = async (outcome: Outcome, more: SettleRequest = {}): Promise<Ended> => {
    if (outcome.kind === "fail")
      log.warn({ error: outcome.errorMessage, retryable: outcome.retryable }, "worker.jobFailed");
    const asked = deps.mayClaimNext();
    const settled = await lease.end({ ...more, outcome, ...(asked ? { claimNext: { hydrate: true } } : {}) });
    return { ...settled, asked };
  };
  const { hydration } = job;
  if (hydration === undefined) return end(failure("the message could not be hydrated", true));

  const outbound = deps.delivery.handles(hydration.payload.provider);
  const recipient: Recipient = {
    provider: hydration.payload.provider,
    providerUserId: hydration.payload.providerUserId,
    metadata: hydration.payload.metadata ?? {},
    botToken: hydration.telegramBotToken,
  };
  // Before the engine runs: an answer that cannot be sent is a model run wasted.
  const problem = outbound ? deps.delivery.problem(recipient) : null;
  if (problem !== null) return end(failure(problem, true));

  try {
    let text = hydration.reply?.text;
    if (text === undefined) {
      text = await answer(deps, lease, job, hydration, outbound ? recipient : null);
      const record = recordOf(
        hydration.payload.messageText,
        text,
        outbound ? deps.delivery.split(text).length : 1,
      );
      if (!outbound) return await end({ kind: "complete" }, record);
      await lease.write(record);
    } else {
      deps.metrics.resumed.inc();
      log.info({ nextPart: hydration.reply?.nextPart }, "worker.replyResumed");
    }
    if (!outbound) return await end({ kind: "complete" });
    return await end(
      await sendParts(deps, lease, deps.delivery.split(text), hydration.reply?.nextPart ?? 0, recipient, log),
    );
  } catch (error) {
    lease.signal.throwIfAborted();
    if (error instanceof EngineError) return end(failure(error.message, error.retryable));
    // The component refused what we want to write (the answer is too large): a repeat would be refused again.
    if (error instanceof TransportError && error.httpStatus === 400)
      return end(failure(error.message, false));
    throw error;
  }
}

async function answer(
  deps: JobDeps,
  lease: LeaseHolder,
  job: Job,
  hydration: NonNullable<Job["hydration"]>,
  recipient: Recipient | null,
): Promise<string> {
  const answered = new AbortController();
  if (recipient !== null)
    void deps.delivery.showActivity(recipient, AbortSignal.any([lease.signal, answered.signal]));
  try {
    return await runEngine(deps, job, hydration, lease.signal);
  } finally {
    answered.abort();
  }
}

/** Without times: the server's clock is the one that orders a history. */
function recordOf(question: string, text: string, parts: number): SettleRequest {
  return {
    turns: [
      { role: "user", content: question },
      { role: "assistant", content: text },
    ],
    reply: { text, parts },
  };
}

/** Sends the parts from `first` on, each noted before it is sent. */
async function sendParts(
  deps: JobDeps,
  lease: LeaseHolder,
  parts: string[],
  first: number,
  recipient: Recipient,
  log: Logger,
): Promise<Outcome> {
  for (const [index, part] of parts.entries()) {
    if (index < first) continue;
    await lease.write({ sendingPart: index });
    lease.signal.throwIfAborted();
    const result: SendResult = await deps.delivery.send(part, recipient, lease.signal);
    deps.metrics.deliveries.inc({ result: result.kind });
    if (result.kind === "sent") continue;
    log.warn({ part: index, result: result.kind, reason: result.reason }, "worker.partNotConfirmed");
    if (result.kind === "refused") return failure(result.reason, false);
    if (result.kind === "transient") return failure(result.reason, true);
    // ambiguous: it may have arrived, so it is not repeated, and the rest of the answer goes on
  }
  return { kind: "complete" };
}

async function giveUp(deps: JobDeps, lease: LeaseHolder, error: unknown, log: Logger): Promise<void> {
  if (error instanceof Interrupted && error.reason === "lease_lost") {
    deps.metrics.messages.inc({ outcome: "lease_lost" });
    log.info("worker.jobDropped");
    return;
  }
  const stopping = error instanceof Interrupted;
  const handedBack = await lease.handBack(
    stopping ? "the worker was stopped before it had finished" : "the worker could not go on",
  );
  deps.metrics.messages.inc({ outcome: handedBack ? "handed_back" : "abandoned" });
  if (stopping) log.warn({ handedBack }, "worker.jobHandedBack");
  else log.error({ handedBack, err: error }, "worker.jobAbandoned");
}

const failure = (errorMessage: string, retryable: boolean): Outcome => ({
  kind: "fail",
  errorMessage: errorMessage.slice(0, maxErrorUnits),
  retryable,
});
/** Enough for a reason and a short tail of output; error texts are shown in lists. */
const maxErrorUnits = 1_000;
