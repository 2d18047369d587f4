import { setTimeout as sleep } from "node:timers/promises";
import { planTraffic } from "../demo/traffic.js";
import { CallErrors } from "./calls.js";
import { runInstant, type InstantFigures } from "./instant.js";
import { Ledger, percentile } from "./ledger.js";
import { LoopWorker } from "./loops.js";
import type { LoadOptions } from "./options.js";
import { startProcesses } from "./processes.js";
import { sendAll } from "./send.js";
import { setStage, type Stage } from "./stage.js";
import { attemptsOf, readStatistics, resetStatistics, type EngineStatistics } from "./statistics.js";
import { tableOf, type LoadFigures } from "./table.js";

const PROGRESS_EVERY_MS = 2_000;

export interface LoadResult {
  /** Everything was answered exactly once and in order. */
  ok: boolean;
  /** For people. */
  table: string;
  json: LoadFigures | InstantFigures;
}

/**
 * Runs a load and stops everything that it started.
 * @param tell gets progress and what cannot be done or known, a line each.
 * @param signal ends it early: then it rejects with the signal's reason.
 * @throws Error when something could not be started, or a call goes on failing.
 */
export async function runLoad(
  options: LoadOptions,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<LoadResult> {
  tell(options.target === null ? "starting the platform ..." : `load on ${options.target.cloudUrl}`);
  const stage = await setStage(options, tell, signal);
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const over = AbortSignal.any([signal, timeout]);
  try {
    if (!(await resetStatistics(stage.deployment))) {
      tell("attempts and conflicting pairs stay unknown: this deployment does not count them for us");
      if (options.transactionMs !== undefined)
        tell("--transaction-ms has no effect: this platform runs one transaction at a time");
    }
    return options.instant
      ? await runInstant(stage, options, over)
      : await new Run(stage, options, tell, over, timeout).all();
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) throw new Error(`given up after ${options.timeoutMs / 1_000} s (--timeout)`);
    throw error;
  } finally {
    await stage.close();
  }
}

class Run {
  private readonly planned;
  private readonly ledger;
  private readonly errors = new CallErrors();
  private readonly failed = new AbortController();
  private readonly over: AbortSignal;

  constructor(
    private readonly stage: Stage,
    private readonly options: LoadOptions,
    private readonly tell: (line: string) => void,
    signal: AbortSignal,
    private readonly timeout: AbortSignal,
  ) {
    this.over = AbortSignal.any([signal, this.failed.signal]);
    this.planned = planTraffic(options.messages, options.conversations).first;
    this.ledger = new Ledger(this.planned);
  }

  async all(): Promise<LoadResult> {
    const { stage, options, ledger, errors, over } = this;
    const processes =
      options.loops === null
        ? await startProcesses(stage, this.planned, { ledger, errors, signal: over })
        : undefined;
    try {
      if (processes)
        this.tell(`${processes.pids.length} worker processes: pids ${processes.pids.join(", ")}`);
      await processes?.ready();
      let startedAt = Date.now();
      const send = () => sendAll(stage, this.planned, options.rate, { ledger, errors, signal: over });
      if (options.drain) {
        await this.watched(together([send()], this.failed));
        this.tell(`${ledger.enqueuedCount} enqueued in ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
        startedAt = Date.now();
      }
      await resetStatistics(stage.deployment);
      const work = processes ? [processes.untilAnswered(over)] : this.loops();
      await this.watched(together([...(options.drain ? [] : [send()]), ...work], this.failed));
      const statistics = await readStatistics(stage.deployment);
      // A user has the answer before its worker has reported the end; a worker that is stopped does that first.
      await processes?.close();
      return await this.result(startedAt, statistics);
    } finally {
      await processes?.close();
    }
  }

  private loops(): Promise<void>[] {
    const { stage, ledger, errors, over } = this;
    const { loops } = this.options;
    if (loops === null) return [];
    return stage.seats.map((seat) =>
      new LoopWorker(stage, seat, { ledger, errors, signal: over }).work(loops),
    );
  }

  /** Tells how far it is, now and then. The end of the time ends the work, and what was reached is reported. */
  private async watched(work: Promise<unknown>): Promise<void> {
    const { ledger, errors, planned } = this;
    const done = new AbortController();
    const progress = async () => {
      for (;;) {
        await sleep(PROGRESS_EVERY_MS, undefined, { signal: done.signal });
        this.tell(
          `${ledger.enqueuedCount} enqueued, ${ledger.answeredCount}/${planned.length} answered, ${errors.total} errors`,
        );
      }
    };
    progress().catch(() => undefined);
    try {
      await work;
    } catch (error) {
      if (!this.timeout.aborted) throw error;
      this.tell(`given up after ${this.options.timeoutMs / 1_000} s (--timeout)`);
    } finally {
      done.abort();
    }
  }

  private async result(startedAt: number, statistics: EngineStatistics | null): Promise<LoadResult> {
    const { options, ledger, errors } = this;
    const seconds = ((ledger.lastAnswerAt ?? Date.now()) - startedAt) / 1_000;
    const waits = ledger.waits();
    const attempts = statistics && attemptsOf(statistics);
    const outcome = ledger.outcome();
    const figures: LoadFigures = {
      workers: options.workers,
      messages: options.messages,
      messagesPerSecond: rounded(outcome.answered / Math.max(seconds, 0.001), 1),
      attemptsPerCall: attempts ? rounded(attempts.perCall, 3) : null,
      worstAttempts: attempts?.worst ?? null,
      errorsToCallers: errors.total,
      p50Ms: percentile(waits, 0.5),
      p99Ms: percentile(waits, 0.99),
    };
    const table = tableOf({ options, figures, outcome, errors, statistics });
    const { lost, duplicated, outOfOrder } = outcome;
    // An unanswered message has been told of already; what the rows say counts when all seems well.
    const faults = lost > 0 ? [] : await this.stage.faultsOf(this.planned);
    for (const fault of faults) this.tell(`WRONG: ${fault}`);
    return { ok: lost + duplicated + outOfOrder + faults.length === 0, table, json: figures };
  }
}

const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** All of them; the first failure ends the others, and is the one that counts. */
async function together(work: readonly Promise<void>[], failed: AbortController): Promise<void> {
  await Promise.all(work.map((part) => part.catch((error: unknown) => failed.abort(error))));
  failed.signal.throwIfAborted();
}
