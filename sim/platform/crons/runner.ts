import { jsonToConvex, type Value } from "convex/values";
import { z } from "zod";
import type { Engine } from "../../engine/index.js";
import type { CronInfo } from "../types.js";
import { nextRun, scheduleSchema, type CronSchedule } from "./nextRun.js";

/** Timers are armed at most this far ahead: Node cannot count to a month. */
const MAX_WAIT_MS = 3_600_000;
const cronsSchema = z.object({
  isCrons: z.literal(true),
  crons: z.record(
    z.string(),
    z.object({ name: z.string(), args: z.tuple([z.record(z.string(), z.json())]), schedule: scheduleSchema }),
  ),
});

interface Cron extends CronInfo {
  args: Record<string, Value>;
  schedule: CronSchedule;
  running?: Promise<void>;
  timer?: NodeJS.Timeout;
}

/** Runs the crons of the app and its components on real timers; one that is still running is not started again. */
export class CronRunner {
  private closed = false;

  private constructor(
    private readonly engine: Engine,
    private readonly jobs: Cron[],
    private readonly log: (line: string) => void,
  ) {}

  /** @param automatic false: they run only by {@link runNow}. */
  static async start(engine: Engine, automatic: boolean, log: (line: string) => void): Promise<CronRunner> {
    const jobs: Cron[] = [];
    for (const { componentPath, value } of await engine.defaultExports("crons")) {
      for (const [name, cron] of Object.entries(cronsSchema.parse(value).crons)) {
        jobs.push({
          componentPath,
          name,
          functionName: cron.name,
          args: jsonToConvex(cron.args[0]) as Record<string, Value>,
          schedule: cron.schedule,
          nextRunAt: nextRun(cron.schedule, Date.now()),
          runs: 0,
          failures: 0,
        });
      }
    }
    const runner = new CronRunner(engine, jobs, log);
    if (automatic) for (const job of jobs) runner.arm(job);
    return runner;
  }

  list(): CronInfo[] {
    return this.jobs.map(({ componentPath, name, functionName, nextRunAt, runs, failures }) => ({
      componentPath,
      name,
      functionName,
      nextRunAt,
      runs,
      failures,
    }));
  }

  async runNow(only: { componentPath?: string | undefined; name?: string | undefined }): Promise<CronInfo[]> {
    const chosen = this.jobs.filter(
      (job) =>
        (only.componentPath ?? job.componentPath) === job.componentPath &&
        (only.name ?? job.name) === job.name,
    );
    for (const job of chosen) await this.run(job);
    return this.list().filter((_info, index) => chosen.includes(this.jobs[index]!));
  }

  /** Stops all timers and waits for what runs. */
  async close(): Promise<void> {
    this.closed = true;
    for (const job of this.jobs) clearTimeout(job.timer);
    for (const job of this.jobs) await job.running;
  }

  private arm(job: Cron): void {
    const wait = job.nextRunAt - Date.now();
    job.timer = setTimeout(
      () => {
        if (this.closed) return;
        if (job.nextRunAt <= Date.now()) {
          job.nextRunAt = nextRun(job.schedule, Date.now());
          void this.run(job);
        }
        this.arm(job);
      },
      Math.min(Math.max(wait, 0), MAX_WAIT_MS),
    );
  }

  private run(job: Cron): Promise<void> {
    job.running ??= this.engine
      .call({ componentPath: job.componentPath, udfPath: job.functionName }, job.args)
      .then(
        () => {
          job.runs += 1;
        },
        (error: unknown) => {
          job.failures += 1;
          this.log(`cron ${job.componentPath}:${job.name} failed: ${String(error)}`);
        },
      )
      .finally(() => {
        delete job.running;
      });
    return job.running;
  }
}
