/**
 * One message from claim to end: run the engine, record the answer, note and send each part, end. Nothing is sent
 * before the answer is recorded, so a later attempt resumes at sending and never runs the engine again.
 */
import type { Logger } from "pino";
import type { Job } from "../../src/contract/queue.js";
import { cutText } from "../../src/policy/text/cut.js";
import type { FileExchange } from "./attachments/exchange.js";
import type { OutgoingFile } from "./attachments/files.js";
import { channelOfBundle } from "../../src/policy/compat/olderComponent.js";
import type { Recipient } from "./channels/channel.js";
import type { Channels } from "./channels/registry.js";
import type { Connections } from "./connections/resolve.js";
import { EngineError, type Engine } from "./engine/engine.js";
import {
  holdLease,
  Interrupted,
  type LeaseHolder,
  type LeaseHolderDeps,
  type Settled,
} from "./leaseHolder.js";
import type { Memory } from "./memory/memory.js";
import { runEngine } from "./runEngine.js";
import { doubts, farewell, sendParts, type SendEnd, type SendProgress } from "./sendParts.js";
import type { Services } from "./services.js";
import { TransportError, type Failure, type SettleRequest } from "./transport/transport.js";

export interface JobDeps extends LeaseHolderDeps {
  engine: Engine;
  /** Makes the disk the conversation's memory before the engine runs; absent for a stateless engine. */
  memory?: Pick<Memory, "ensure">;
  channels: Channels;
  /** Brings files to the engine and from it. */
  files: FileExchange;
  /** The values of connections, from this worker's own store. */
  connections?: Connections;
  log: Logger;
  /** Longest engine run in ms. */
  engineTimeoutMs: number;
  /** Values that no reason of a failure may hold. */
  secrets?: readonly string[];
  /** What engine, store and channels are worth at present. */
  services: Services;
  /** Whether to ask for the next job while ending this one. */
  mayClaimNext(): boolean;
}

type Outcome = NonNullable<SettleRequest["outcome"]>;
/** `asked`: whether the next job was asked for; `askedAt`: when. */
type Ended = Settled & { asked: boolean; askedAt: number };

/** A job, and when the call that got it began, in epoch ms. */
export interface Claimed {
  job: Job;
  askedAt: number;
}
/** What the ending write said about the next job; `unknown` when it was not asked or not heard. */
export type NextJob = Claimed | "none" | "unknown";

/** Does the job; whatever goes wrong becomes an outcome or a log line. */
export async function runJob(deps: JobDeps, { job, askedAt }: Claimed, force: AbortSignal): Promise<NextJob> {
  const { metrics } = deps;
  const log = deps.log.child({
    messageId: job.messageId,
    conversationId: job.conversationId,
    attempt: job.attempt,
  });
  log.info({ agentKey: job.agentKey }, "worker.jobStarted");
  metrics.inFlight.inc();
  const lease = holdLease({ ...deps, log }, job, force, askedAt);
  const course: Course = { sending: null };
  try {
    const settled = await work({ ...deps, log }, lease, job, course);
    metrics.messages.inc({ outcome: settled.status });
    log.info({ status: settled.status }, "worker.jobEnded");
    if (settled.next !== null) return { job: settled.next, askedAt: settled.askedAt };
    return settled.asked ? "none" : "unknown";
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
    if (outcome.kind === "fail") {
      const { errorMessage: error, retryable, blames } = outcome;
      log.warn({ error, retryable, blames }, "worker.jobFailed");
    }
    const asked = deps.mayClaimNext();
    const askedAt = deps.clock.now();
    const settled = await lease.end({ ...more, outcome, ...(asked ? { claimNext: { hydrate: true } } : {}) });
    return { ...settled, asked, askedAt };
  };
  const { hydration } = job;
  if (hydration === undefined) {
    const because = job.hydrationError === undefined ? "" : `: ${job.hydrationError}`;
    // Nothing was tried. A secret that cannot be opened at present is the deployment's trouble; an agent that is gone stays so.
    const blames = job.hydrationError === "agent_not_found" ? "message" : "service";
    return end(failure(`the message could not be hydrated${because}`, { blames }));
  }

  const { kind, credential } = channelOfBundle(hydration);
  const channel = deps.channels.find(kind);
  const outbound = channel?.outbound;
  const { providerUserId, metadata = {} } = hydration.payload;
  const recipient: Recipient = { providerUserId, metadata, credential };
  // Before the engine runs: an answer that cannot be sent is a model run wasted.
  const problem = channel ? (outbound?.problem(recipient) ?? null) : `this worker has no channel '${kind}'`;
  if (problem !== null) return end(failure(problem, { blames: "service" }));
  if (outbound && hydration.undeliverable !== undefined) return end(failure(hydration.undeliverable, final));

  try {
    let { text, files } = recordedAnswer(deps, hydration);
    if (text === undefined) {
      ({ text, files } = await answer(deps, lease, job, hydration, (signal) =>
        outbound?.progress?.(recipient, signal),
      ));
      const messages = outbound ? outbound.render(text).length : 1;
      const record = recordOf(hydration.payload.messageText, text, messages, files);
      lease.note({ ...record, outcome: outbound ? lostBeforeSending : { kind: "complete" } });
      if (!outbound) return await end({ kind: "complete" }, record);
      await lease.write(record);
    } else {
      deps.metrics.resumed.inc();
      log.info({ nextPart: hydration.reply?.nextPart }, "worker.replyResumed");
    }
    if (!outbound) return await end({ kind: "complete" });
    const parts = [...outbound.render(text), ...files];
    const progress = {
      parts: parts.length,
      next: hydration.reply?.nextPart ?? 0,
      ambiguous: [],
      unsent: false,
    };
    course.sending = progress;
    const sent = await sendParts({ ...deps, outbound }, lease, parts, recipient, progress);
    noteDelivery(deps.services, sent);
    const outcome: Outcome = sent.kind === "all" ? { kind: "complete" } : unsent(sent.result);
    return await end(outcome, doubts(progress));
  } catch (error) {
    lease.signal.throwIfAborted();
    if (error instanceof EngineError) {
      noteEngine(deps.services, error);
      const { blames, retryable, retryAfterMs } = error;
      return end(failure(error.message, { blames, retryable, retryAfterMs }));
    }
    // The component refused what we want to write (the answer is too large): a repeat would be refused again.
    if (error instanceof TransportError && error.httpStatus === 400)
      return end(failure(error.message, final));
    throw error;
  }
}

async function answer(
  deps: JobDeps,
  lease: LeaseHolder,
  job: Job,
  hydration: NonNullable<Job["hydration"]>,
  showProgress: (signal: AbortSignal) => unknown,
): Promise<{ text: string; files: OutgoingFile[] }> {
  const answered = new AbortController();
  showProgress(AbortSignal.any([lease.signal, answered.signal]));
  try {
    await deps.memory?.ensure(job, lease.signal);
    const received = await deps.files.receive(hydration.payload.attachments ?? [], lease.signal);
    try {
      const reply = await runEngine(deps, job, hydration, received.attachments, lease.signal);
      deps.services.worked("engine");
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
  blames: "service",
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
  const { sending } = course;
  if (error instanceof Interrupted && error.reason === "lease_lost") {
    metrics.messages.inc({ outcome: "lease_lost" });
    log.info("worker.jobDropped");
    // The component takes the announced part for doubtful; only this worker knows better.
    if (sending?.unsent !== true) lease.forget();
    else await lease.handBack(farewell(sending, "the worker lost its lease while it sent the answer"));
    return;
  }
  const stopping = error instanceof Interrupted;
  const why = stopping ? "the worker was stopped before it had finished" : "the worker could not go on";
  const word = farewell(sending, why);
  // A stop, or a component that does not answer, says nothing about the message; a bug may come from what is in it.
  const innocent = stopping || sending !== null || error instanceof TransportError;
  const handedBack = await lease.handBack(innocent ? word : { outcome: failure(why, { blames: "message" }) });
  metrics.messages.inc({ outcome: handedBack ? "handed_back" : "abandoned" });
  if (stopping) log.warn({ handedBack }, "worker.jobHandedBack");
  else log.error({ handedBack, err: error }, "worker.jobAbandoned");
}

/** What a failed run says about the services; one that blames the message says that they work. */
function noteEngine(services: Services, { down, blames, message, retryAfterMs }: EngineError): void {
  if (blames === "message") services.worked("engine");
  else if (down !== null) services.failed(down, message, retryAfterMs);
}

function noteDelivery(services: Services, sent: SendEnd): void {
  if (sent.kind === "all" || sent.result.kind === "refused") services.worked("delivery");
  else if (sent.result.retryAfterMs === undefined) services.failed("delivery", sent.result.reason);
}

interface Cause {
  retryable?: boolean;
  blames?: "message" | "service";
  retryAfterMs?: number | undefined;
}
/** A repeat would fail as well. */
const final: Cause = { retryable: false };

/** What did not arrive although nothing is wrong with it waits for its platform; a refusal is final. */
const unsent = (result: Extract<SendEnd, { kind: "stopped" }>["result"]): Outcome =>
  result.kind === "refused"
    ? failure(result.reason, final)
    : failure(result.reason, { blames: "service", retryAfterMs: result.retryAfterMs });

const failure = (
  errorMessage: string,
  { retryable = true, blames = "message", retryAfterMs }: Cause,
): Failure => ({
  kind: "fail",
  errorMessage: cutText(errorMessage, MAX_ERROR_UNITS),
  retryable,
  blames,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
/** Enough for a reason and a short tail of output; error texts are shown in lists. */
const MAX_ERROR_UNITS = 1_000;
