/** Failed launches pause launching, longer each time, until a machine boots. */
import { backoffMs } from "../retry/backoff.js";

/** A failure of the provider or of a step, as the operator sees it; `at` in epoch ms. */
export interface Problem {
  code: string;
  message: string;
  at: number;
}

export interface LaunchRecord {
  /** Failures since a machine booted last. */
  launchFailures?: number | undefined;
  /** Epoch ms; 0 or absent: not paused. */
  launchesPausedUntil?: number | undefined;
  problem?: Problem | undefined;
}

const PAUSE = { baseMs: 5_000, maxMs: 600_000 };

/** How long launching rests after this many failures in a row, ms. */
export const pauseMs = (failures: number): number => backoffMs(failures, PAUSE);

/** The record after what happened to launches, in that order. */
export function afterLaunches(
  record: LaunchRecord,
  outcomes: readonly ("booted" | Problem)[],
): LaunchRecord & { launchFailures: number } {
  let { launchFailures = 0, launchesPausedUntil, problem } = record;
  for (const outcome of outcomes) {
    if (outcome === "booted") {
      launchFailures = 0;
      launchesPausedUntil = undefined;
    } else {
      launchFailures += 1;
      launchesPausedUntil = outcome.at + pauseMs(launchFailures);
      problem = outcome;
    }
  }
  return { launchFailures, launchesPausedUntil, problem };
}
