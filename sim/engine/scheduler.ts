import { SCHEDULED } from "./catalog.js";
import { displayName, type Target } from "./functions.js";
import { outsideFrames } from "./frames.js";
import type { JobRun, Runner } from "./runner.js";
import { jobState, setJobState, type JobState } from "./scheduling.js";
import type { NewJob } from "./transaction.js";

/** Jobs that run at one time (`SCHEDULED_JOB_EXECUTION_PARALLELISM`, crates/common/src/knobs.rs). */
const PARALLELISM = 10;

/**
 * Runs what transactions have scheduled, at its time. A mutation is run exactly once: repeated while it meets conflicts,
 * and done in the same transaction that says so. An action is begun at most once.
 */
export class Scheduler {
  private readonly waiting = new Map<string, () => void>();
  private readonly due: NewJob[] = [];
  private readonly finished: { job: NewJob; at: number }[] = [];
  private running = 0;
  private isClosed = false;

  /** @param retentionMs rows of finished jobs are deleted after this long. */
  constructor(
    private readonly runner: Runner,
    private readonly retentionMs: number,
  ) {}

  arm(jobs: readonly NewJob[]): void {
    if (this.isClosed) return;
    outsideFrames(() => {
      for (const job of jobs)
        this.waiting.set(
          job.id,
          this.runner.pace.at(job.at, () => this.start(job)),
        );
    });
  }

  /** What is not running by now never will. */
  close(): void {
    this.isClosed = true;
    for (const callOff of this.waiting.values()) callOff();
    this.waiting.clear();
    this.due.length = 0;
  }

  private start(job: NewJob): void {
    this.waiting.delete(job.id);
    this.due.push(job);
    this.startDue();
  }

  private startDue(): void {
    while (this.running < PARALLELISM) {
      const job = this.due.shift();
      if (!job) return;
      this.running += 1;
      void this.execute(job).finally(() => {
        this.running -= 1;
        if (!this.isClosed) this.startDue();
      });
    }
  }

  private async execute(job: NewJob): Promise<void> {
    try {
      const target = await this.runner.registry.find(job.target);
      if (!target) throw new Error(`${displayName(job.target)} does not exist`);
      await (target.type === "action" ? this.runAction(job, target) : this.runMutation(job, target));
    } catch (error) {
      if (this.isClosed) return;
      this.runner.log(`scheduled ${displayName(job.target)} failed: ${String(error)}`);
      this.setState(job, { kind: "failed", error: String(error) });
    }
    if (!this.isClosed) this.forgetOld(job);
  }

  private async runMutation(job: NewJob, target: Target): Promise<void> {
    const { componentPath, id } = job;
    const run: JobRun = {
      isDue: (tx) => jobState(this.runner, tx, componentPath, id)?.kind === "pending",
      succeed: (tx) => setJobState(this.runner, tx, componentPath, id, { kind: "success" }),
    };
    await this.runner.transaction(target, job.argsJson, { job: run });
  }

  private async runAction(job: NewJob, target: Target): Promise<void> {
    const isDue = this.runner.system((tx) => {
      if (jobState(this.runner, tx, job.componentPath, job.id)?.kind !== "pending") return false;
      setJobState(this.runner, tx, job.componentPath, job.id, { kind: "inProgress" });
      return true;
    });
    if (!isDue) return;
    await this.runner.action(target, job.argsJson);
    this.setState(job, { kind: "success" });
  }

  private setState(job: NewJob, state: JobState): void {
    if (this.isClosed) return;
    this.runner.system((tx) => setJobState(this.runner, tx, job.componentPath, job.id, state));
  }

  private forgetOld(job: NewJob): void {
    const now = this.runner.pace.now();
    this.finished.push({ job, at: now });
    while (this.finished[0] && this.finished[0].at <= now - this.retentionMs) {
      const { componentPath, id } = this.finished.shift()!.job;
      const table = this.runner.catalog.table(componentPath, SCHEDULED);
      this.runner.system((tx) => tx.writeSystem(table, id, null));
    }
  }
}
