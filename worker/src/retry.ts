/** The one loop that repeats what may succeed later. */
import { backoffMs, type Backoff } from "../../src/policy/retry/backoff.js";
import type { Clock } from "./clock.js";

export interface Repeating {
  clock: Pick<Clock, "sleep" | "random">;
  backoff: Backoff;
  /** Ends the waiting; its reason is thrown then. */
  signal?: AbortSignal | undefined;
  /** Told of each failure and of the wait that would follow it. What it throws ends the repeating. */
  onFailure: (error: unknown, failures: number, waitMs: number) => void | Promise<void>;
}

/** Makes the attempt until one succeeds or `onFailure` throws. */
export async function repeat<T>(
  attempt: () => Promise<T>,
  { clock, backoff, signal, onFailure }: Repeating,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs = backoffMs(failures, backoff, clock.random());
      await onFailure(error, failures, waitMs);
      await clock.sleep(waitMs, signal);
      signal?.throwIfAborted();
    }
  }
}
