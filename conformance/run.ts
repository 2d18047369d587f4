/** Runs trials against a worker, a few beside each other, and judges every row. */
import { checks } from "./checks/index.js";
import { Rig } from "./rig.js";
import { allRows, type RowId } from "./rows.js";
import { scenarios } from "./scenarios/index.js";
import type { Stage } from "./stage.js";
import { TrialOver, Verdict } from "./verdict.js";

export interface RunOptions {
  command: readonly [string, ...string[]];
  stage: Stage;
  /** Only these rows, and the trials that they need. Default: all. */
  only?: readonly RowId[];
  /** Trials at the same time. */
  atOnce: number;
  signal: AbortSignal;
  /** Gets a line for people when something happens. */
  tell(line: string): void;
}

/**
 * @returns what was found; a row that no trial showed counts as failed.
 * @throws the signal's reason when it is aborted, and for a fault of the kit itself. Nothing that was started is left.
 */
export async function runTrials(options: RunOptions): Promise<Verdict> {
  const { only, stage, command, signal } = options;
  const tell = (line: string) => options.tell(line);
  const verdict = new Verdict(only === undefined ? undefined : new Set(only));
  const waiting = scenarios.filter(
    ({ shows }) => only === undefined || only.some((id) => shows.includes(id)),
  );
  const over = new AbortController();
  const cut = AbortSignal.any([signal, over.signal]);

  const work = async (): Promise<void> => {
    for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
      cut.throwIfAborted();
      const startedAt = Date.now();
      const { name } = scenario;
      const rig = await Rig.start({ name, command, stage, verdict, signal: cut });
      const lastResort = () => rig.workers.forEach((worker) => worker.killNow());
      process.once("exit", lastResort);
      let broken = "";
      try {
        await scenario.play(rig);
      } catch (error) {
        if (!(error instanceof TrialOver) || cut.aborted) throw error;
        broken = `, given up: ${error.message}`;
        const said = rig.workers.at(-1)?.output.trim().slice(-600) ?? "";
        if (said !== "") tell(`${name}: the worker's last words: ${said}`);
      } finally {
        await rig.close();
        process.off("exit", lastResort);
      }
      for (const check of checks) check(rig);
      tell(`${name}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s${broken}`);
    }
  };
  const running = Array.from({ length: options.atOnce }, () =>
    work().catch((error: unknown) => {
      over.abort(error);
      throw error;
    }),
  );
  const results = await Promise.allSettled(running);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw signal.aborted ? signal.reason : over.signal.reason;
  return verdict;
}

/** The row of this id. @throws Error for an id that is none. */
export function rowNamed(name: string): RowId {
  const id = allRows.find((row) => row === name);
  if (id === undefined) throw new Error(`there is no row ${name}`);
  return id;
}
