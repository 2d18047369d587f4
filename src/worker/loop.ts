/** The worker's main loop: claim, do the job, take the next one, poll when there is none. It knows no network. */
import { backoffMs } from "../policy/worker/backoff.js";
import type { Job } from "../contract/queue.js";
import { jittered } from "./clock.js";
import { runJob, type JobDeps } from "./job.js";
import type { RunControl } from "./shutdown.js";
import { TransportError } from "./transport/transport.js";

export interface LoopDeps extends Omit<JobDeps, "mayClaimNext" | "onShouldStop"> {
  control: RunControl;
  /** Wait between two claims that found nothing, in ms; ±20 %. */
  pollIntervalMs: number;
}

/** Longest wait after failed claims, in ms. */
const claimBackoffMaxMs = 30_000;
/** How often an idle worker asks whether it should stop, in ms. */
const controlIntervalMs = 15_000;

/** Runs until `control` is told to stop and the message in hand is dealt with. Rejects only for a bug. */
export async function runLoop(deps: LoopDeps): Promise<void> {
  const { control, clock, log, metrics, engine } = deps;
  const mayClaim = (): boolean => control.state === "running" && engine.ready();
  const jobDeps: JobDeps = {
    ...deps,
    mayClaimNext: mayClaim,
    onShouldStop: () => control.requestStop("the server asked for it", { finishJob: true }),
  };
  const rest = (ms: number): Promise<void> => clock.sleep(jittered(ms, clock.random()), control.stopSignal);
  let failures = 0;
  let controlCheckedAt = clock.now();
  let job: Job | null = null;
  try {
    while (job !== null || control.state === "running") {
      metrics.claiming.set(mayClaim() ? 1 : 0);
      if (job !== null) {
        const next = await runJob(jobDeps, job, control.forceSignal);
        job = typeof next === "string" ? null : next;
        if (job !== null) metrics.claims.inc({ result: "chained" });
        // The ending write was the claim that found nothing.
        if (next === "none") await rest(deps.pollIntervalMs);
        continue;
      }
      if (!engine.ready()) {
        await rest(deps.pollIntervalMs);
        continue;
      }
      try {
        job = await claim(deps);
        failures = 0;
        if (job !== null) continue;
        if (clock.now() - controlCheckedAt >= controlIntervalMs) {
          controlCheckedAt = clock.now();
          await checkControl(deps);
        }
      } catch (error) {
        failures += 1;
        const code = error instanceof TransportError ? error.code : "internal";
        metrics.claims.inc({ result: "error" });
        deps.connection.failed(code);
        log.warn({ code, err: error, failures }, "worker.claimFailed");
        await clock.sleep(
          backoffMs(failures, clock.random(), deps.pollIntervalMs, claimBackoffMaxMs),
          control.stopSignal,
        );
        continue;
      }
      await rest(deps.pollIntervalMs);
    }
  } finally {
    metrics.claiming.set(0);
    control.finished();
  }
}

/** One claim. It is not cut short by a stop: an answer that nobody hears would cost the message its lease. */
async function claim({ transport, connection, metrics }: LoopDeps): Promise<Job | null> {
  const job = await transport.claim();
  connection.succeeded();
  metrics.claims.inc({ result: job === null ? "empty" : "job" });
  return job;
}

async function checkControl({ transport, connection, control }: LoopDeps): Promise<void> {
  const { shouldStop } = await transport.controlState(control.stopSignal);
  connection.succeeded();
  if (shouldStop) control.requestStop("the server asked for it", { finishJob: true });
}
