/**
 * One message from claim to end: run the engine, record the answer, note and send each part, end. Nothing is sent
 * before the answer is recorded, so a later attempt resumes at sending and never runs the engine again.
 */
import type { Logger } from "pino";
import type { Job } from "../contract/queue.js";
import type { FileExchange } from "./attachments/exchange.js";
import type { OutgoingFile } from "./attachments/files.js";
import type { Delivery, Recipient } from "./delivery/delivery.js";
import type { Connections } from "./connections/resolve.js";
import { EngineError, type Engine } from "./engines/engine.js";
import {
  holdLease,
  Interrupted,
  type LeaseHolder,
  type LeaseHolderDeps,
  type Settled,
} from "./leaseHolder.js";
import type { Memory } from "./memory/memory.js";
import { runEngine } from "./runEngine.js";
import { doubts, farewell, sendParts, type SendProgress } from "./sendParts.js";
import { TransportError, type SettleRequest } from "./transport/transport.js";

export interface JobDeps extends LeaseHolderDeps {
  engine: Engine;
  /** Makes the disk the conversation's memory before the engine runs; absent for a stateless engine. */
  memory?: Pick<Memory, "ensure">;
  delivery: Delivery;
  /** Brings files to the engine and from it. */
  files: FileExchange;
  /** The values of connections, from this worker's own store. */
  connections?: Connections;
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
  const course: Course = { sending: null };
  try {
    const settled = await work({ ...deps, log }, lease, job, course);
    metrics.messages.inc({ outcome: settled.status });
    log.info({ status: settled.status }, "worker.jobEnded");
    return settled.next ?? (settled.asked ? "none" : "unknown");
  } catch (error) {
    await giveUp({ ...deps, log }, lease, error, course);
    return "unknown";
  } finally {
    await lease.release();
    metrics.inFlight.dec();
  }
}

/** What must be known when the work breaks off: null until the answer is recorded. */
interface Course {
  sending: SendProgress | null;
}

/** Does all the work; every expected failure becomes an outcome here. */
async function work(deps: JobDeps, lease: LeaseHolder, job: Job, course: Course): Promise<Ended> {
  const { log } = deps;
  const end = async (outcome: Outcome, more: SettleRequest = {}): Promise<Ended> => {
    if (outcome.kind === "fail")
      log.warn({ error: outcome.errorMessage, retryable: outcome.retryable }, "worker.jobFailed");
    const asked = deps.mayClaimNext();
    const settled = await lease.end({ ...more, outcome, ...(asked ? { claimNext: { hydrate: true } } : {}) });
    return { ...settled, asked };
  };
  const { hydration } = job;
  if (hydration === undefined) {
    const because = job.hydrationError === undefined ? "" : `: ${job.hydrationError}`;
    return end(failure(`the message could not be hydrated${because}`, true));
  }

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
  if (outbound && hydration.undeliverable !== undefined) return end(failure(hydration.undeliverable, false));

  try {
    let { text, files } = recordedAnswer(deps, hydration);
    if (text === undefined) {
      ({ text, files } = await answer(deps, lease, job, hydration, outbound ? recipient : null));
      const messages = outbound ? deps.delivery.split(text).length : 1;
      const record = recordOf(hydration.payload.messageText, text, messages, files);
      lease.note({ ...record, outcome: outbound ? lostBeforeSending : { kind: "complete" } });
      if (!outbound) return await end({ kind: "complete" }, record);
      await lease.write(record);
    } else {
      deps.metrics.resumed.inc();
      log.info({ nextPart: hydration.reply?.nextPart }, "worker.replyResumed");
    }
    if (!outbound) return await end({ kind: "complete" });
    const parts = [...deps.delivery.split(text), ...files];
    const progress = { parts: parts.length, next: hydration.reply?.nextPart ?? 0, ambiguous: [] };
    course.sending = progress;
    const sent = await sendParts(deps, lease, parts, recipient, progress);
    const outcome: Outcome =
      sent.kind === "all" ? { kind: "complete" } : failure(sent.reason, sent.retryable);
    return await end(outcome, doubts(progress));
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
): Promise<{ text: string; files: OutgoingFile[] }> {
  const answered = new AbortController();
  if (recipient !== null)
    void deps.delivery.showActivity(recipient, AbortSignal.any([lease.signal, answered.signal]));
  try {
    await deps.memory?.ensure(job, lease.signal);
    const received = await deps.files.receive(hydration.payload.attachments ?? [], lease.signal);
    try {
      const reply = await runEngine(deps, job, hydration, received.attachments, lease.signal);
      // Before the answer is recorded: whoever resumes finds its files.
      return { text: reply.text, files: await deps.files.store(reply.files ?? [], lease.signal) };
    } finally {
      await received.dispose();
    }
  } finally {
    answered.abort();
  }
}

/** What an earlier attempt recorded; without a text when there is nothing yet. */
function recordedAnswer(
  { files }: JobDeps,
  { reply }: NonNullable<Job["hydration"]>,
): { text: string | undefined; files: OutgoingFile[] } {
  return { text: reply?.text, files: files.recorded(reply?.files ?? []) };
}

/** The answer is recorded all the same, so the next attempt starts with sending it. */
const lostBeforeSending: Outcome = {
  kind: "fail",
  errorMessage: "the worker was lost before it sent its answer",
  retryable: true,
};

/** Without times: the server's clock is the one that orders a history. */
function recordOf(question: string, text: string, messages: number, files: OutgoingFile[]): SettleRequest {
  const names = files.length === 0 ? "" : `[files] ${files.map(({ file }) => file.fileName).join(", ")}`;
  return {
    turns: [
      { role: "user", content: question },
      { role: "assistant", content: names === "" ? text : `${text}\n\n${names}`.trim() },
    ],
    reply: {
      text,
      parts: messages + files.length,
      ...(files.length > 0 && { files: files.map(({ file }) => file) }),
    },
  };
}

async function giveUp(deps: JobDeps, lease: LeaseHolder, error: unknown, course: Course): Promise<void> {
  const { log, metrics } = deps;
  if (error instanceof Interrupted && error.reason === "lease_lost") {
    metrics.messages.inc({ outcome: "lease_lost" });
    log.info("worker.jobDropped");
    return;
  }
  const stopping = error instanceof Interrupted;
  const why = stopping ? "the worker was stopped before it had finished" : "the worker could not go on";
  const handedBack = await lease.handBack(farewell(course.sending, why));
  metrics.messages.inc({ outcome: handedBack ? "handed_back" : "abandoned" });
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
