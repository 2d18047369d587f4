/** Full-jitter exponential backoff: the `failures`-th wait lies in [half, whole] of `baseMs` doubled each time, at most `maxMs`. */
export function backoffMs(failures: number, random: number, baseMs: number, maxMs: number): number {
  const whole = Math.min(maxMs, baseMs * 2 ** Math.min(Math.max(failures - 1, 0), 30));
  return Math.round(whole / 2 + (whole / 2) * random);
}
