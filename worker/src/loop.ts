/** The worker's main loop: claim, do the job, take the next one, poll when there is none. It knows no network. */
import { backoffMs, equalJitter } from "../../src/policy/retry/backoff.js";
import { jittered } from "./clock.js";
import { replay } from "./journal/replay.js";
import { runJob, type Claimed, type JobDeps, type NextJob } from "./job.js";
import type { Memory } from "./memory/memory.js";
import type { Prober } from "./probes/answer.js";
import { Services } from "./services.js";
import type { RunControl } from "./shutdown.js";
import {
  TransportError,
  type Transport,
  type TransportErrorCode,
  type Wishes,
} from "./transport/transport.js";
import { Waiting } from "./waiting/waiting.js";

export interface LoopDeps extends Omit<JobDeps, "mayClaimNext" | "onShouldStop" | "memory" | "services"> {
  /** Default: services without checks. */
  services?: Services;
  /** The data directory of a stateful engine. */
  memory?: Pick<Memory, "ensure" | "due" | "save" | "attached" | "release" | "blocked">;
  control: RunControl;
  /** Answers what an operator wants to know from here. */
  prober?: Prober;
  /** Calls under the name of an earlier worker, for what its journal still has to say. Default: this worker's own calls. */
  transportFor?: (workerId: string) => Pick<Transport, "settle">;
  /** First pause after a failed claim, and while the engine is not ready, in ms. Without `waiting` also the poll interval. */
  pollIntervalMs: number;
  /** How to wait after a claim that found nothing. Default: `pollIntervalMs`, ±20 %. */
  waiting?: Pick<Waiting, "claiming" | "untilNextClaim" | "control">;
}

/** Longest wait after failed claims, in ms. */
const CLAIM_BACKOFF_MAX_MS = 30_000;
/** How often an idle worker asks whether it should stop, in ms. */
const CONTROL_INTERVAL_MS = 15_000;

/** Refusals of the worker's own credential: a running worker cannot get another one, so asking again is no use. */
const finalRefusals: ReadonlySet<TransportErrorCode> = new Set<TransportErrorCode>([
  "worker_token_required",
  "worker_token_invalid",
  "worker_token_expired",
  "worker_token_revoked",
  "worker_mismatch",
  "worker_id_taken",
  "workspace_mismatch",
  "lane_not_allowed",
]);

/**
 * Runs until `control` is told to stop and the message in hand is dealt with, or until the worker's credential is refused:
 * then the result is the code of the refusal, else null. Rejects only for a bug.
 */
export async function runLoop(deps: LoopDeps): Promise<TransportErrorCode | null> {
  const { control, clock, log, metrics, engine, services = new Services(deps) } = deps;
  const mayClaim = (): boolean =>
    control.state === "running" && engine.ready() && services.mayClaim && memoryAllows(deps);
  const jobDeps: JobDeps = {
    ...deps,
    services,
    mayClaimNext: mayClaim,
    onShouldStop: () => control.requestStop("the server asked for it", { finishJob: true }),
  };
  const rest = (ms: number): Promise<void> => clock.sleep(jittered(ms, clock.random()), control.stopSignal);
  const waiting = deps.waiting ?? new Waiting({ clock, fixedPollMs: deps.pollIntervalMs });
  let failures = 0;
  let controlCheckedAt = clock.now();
  let claimed: Claimed | null = null;
  let refusal: TransportErrorCode | null = null;
  try {
    while (claimed !== null || control.state === "running") {
      metrics.claiming.set(mayClaim() ? 1 : 0);
      if (claimed !== null) {
        const next: NextJob = await runJob(jobDeps, claimed, control.forceSignal);
        claimed = typeof next === "string" ? null : next;
        if (claimed !== null) metrics.claims.inc({ result: "chained" });
        stopIfBlocked(deps);
        // The ending write was the claim that found nothing.
        if (next === "none") await waiting.untilNextClaim(control.stopSignal);
        continue;
      }
      if (!engine.ready()) {
        await rest(deps.pollIntervalMs);
        continue;
      }
      if (!services.mayClaim) {
        await services.untilNextTry(control.stopSignal);
        continue;
      }
      // Between two messages, as nothing is held: no lease runs out meanwhile.
      if (deps.memory?.due === true) await deps.memory.save("periodic");
      try {
        await settleOpen(deps);
        waiting.claiming();
        claimed = await claim(deps);
        failures = 0;
        if (claimed !== null) continue;
        let freed = false;
        if (waiting.control !== undefined) freed = await obey(deps, waiting.control);
        else if (clock.now() - controlCheckedAt >= CONTROL_INTERVAL_MS) {
          controlCheckedAt = clock.now();
          freed = await obey(deps, await askControl(deps));
        }
        // Others wait for its place.
        if (freed) continue;
      } catch (error) {
        failures += 1;
        const code = error instanceof TransportError ? error.code : "internal";
        metrics.claims.inc({ result: "error" });
        deps.connection.failed(code);
        if (finalRefusals.has(code)) {
          refusal = code;
          log.fatal({ code, err: error }, "worker.credentialRefused");
          control.requestStop(`the credential was refused: ${code}`, { finishJob: true });
          continue;
        }
        log.warn({ code, err: error, failures }, "worker.claimFailed");
        await clock.sleep(
          backoffMs(failures, equalJitter(deps.pollIntervalMs, CLAIM_BACKOFF_MAX_MS), clock.random()),
          control.stopSignal,
        );
        continue;
      }
      await waiting.untilNextClaim(control.stopSignal);
    }
  } finally {
    metrics.claiming.set(0);
    control.finished();
  }
  return refusal;
}

/** What was left unsaid goes first: a message that is only waiting to be ended needs no other worker. */
async function settleOpen(deps: LoopDeps): Promise<void> {
  const { journal, transport, transportFor = () => transport, log, control } = deps;
  if (journal !== undefined) await replay({ journal, transportFor, log }, control.stopSignal);
}

/** One claim. It is not cut short by a stop: an answer that nobody hears would cost the message its lease. */
async function claim({ transport, connection, metrics, clock }: LoopDeps): Promise<Claimed | null> {
  const askedAt = clock.now();
  const job = await transport.claim();
  connection.succeeded();
  metrics.claims.inc({ result: job === null ? "empty" : "job" });
  return job === null ? null : { job, askedAt };
}

/** Nothing more is claimed while a snapshot is due or the data directory may not be used. */
const memoryAllows = ({ memory }: LoopDeps): boolean =>
  memory === undefined || (!memory.due && memory.blocked === null);

/** A data directory that may not be used is no better for the next message. */
function stopIfBlocked({ memory, control, log }: LoopDeps): void {
  if (memory === undefined || memory.blocked === null) return;
  log.fatal({ problem: memory.blocked }, "worker.memoryBlocked");
  control.requestStop(memory.blocked);
}

/** For a server that does not say it with an empty claim. */
async function askControl({ transport, connection, control }: LoopDeps): Promise<Wishes> {
  const wishes = await transport.controlState(control.stopSignal);
  connection.succeeded();
  return wishes;
}

/** Whether it may take another conversation now, having given up the one it held. */
async function obey({ control, memory, prober }: LoopDeps, wishes: Wishes): Promise<boolean> {
  const { shouldStop, release, probes } = wishes;
  if (!shouldStop && probes !== undefined) await prober?.answer(probes, control.stopSignal);
  if (shouldStop) control.requestStop("the server asked for it", { finishJob: true });
  else if (release === true && memory?.attached === true) return await memory.release();
  return false;
}
