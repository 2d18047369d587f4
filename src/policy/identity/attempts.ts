/** How often one sender may be wrong about a pairing code. */

export const ATTEMPT_WINDOW_MS = 15 * 60_000;
export const MAX_FAILURES = 10;

export interface Attempts {
  windowStartedAt: number;
  failures: number;
}

/** Whether this sender has to wait; an old window counts no more. */
export function isBlocked(attempts: Attempts | null, now: number): boolean {
  return (
    attempts !== null &&
    now < attempts.windowStartedAt + ATTEMPT_WINDOW_MS &&
    attempts.failures >= MAX_FAILURES
  );
}

/** The sender was wrong once more. */
export function afterFailure(attempts: Attempts | null, now: number): Attempts {
  if (attempts === null || now >= attempts.windowStartedAt + ATTEMPT_WINDOW_MS) {
    return { windowStartedAt: now, failures: 1 };
  }
  return { windowStartedAt: attempts.windowStartedAt, failures: attempts.failures + 1 };
}
