/** The one law of waits between repeats; who repeats brings the parameters. */
export interface Backoff {
  /** The wait after the first failure, ms. */
  baseMs: number;
  /** No wait is longer, jitter apart, ms. */
  maxMs: number;
  /** Each further failure waits so many times as long; default 2. */
  factor?: number;
  /** Up to this share of the wait is added at random, so that failures of one cause do not return together; default 0. */
  jitter?: number;
}

/**
 * The wait in ms after `failures` failures in a row (1 = the first): base · factor^(failures−1), at most `maxMs`, plus jitter.
 * @param random in [0, 1); without jitter it may be left out.
 */
export function backoffMs(
  failures: number,
  { baseMs, maxMs, factor = 2, jitter = 0 }: Backoff,
  random = 0,
): number {
  const whole = Math.min(maxMs, baseMs * factor ** Math.min(Math.max(failures - 1, 0), MAX_EXPONENT));
  return Math.round(whole * (1 + jitter * random));
}

/** Far beyond every cap, and finite: a base of 0 stays 0. */
const MAX_EXPONENT = 300;

/** Waits between the half and the whole of what the doubling says ("equal jitter"), for many who fail together. */
export const equalJitter = (baseMs: number, maxMs: number): Backoff => ({
  baseMs: baseMs / 2,
  maxMs: maxMs / 2,
  jitter: 1,
});
