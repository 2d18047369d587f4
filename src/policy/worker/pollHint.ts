/** How long a worker may wait until it asks again: short while there is work around, long when all is quiet. */

/** The shortest hint. */
export const POLL_AT_LEAST_MS = 1_000;
/** The longest hint, and the fallback of a worker that hears its wake-ups. A worker counts as silent after 90 s. */
export const POLL_AT_MOST_MS = 60_000;
/** The wait grows with the quiet: asking every tenth of it costs the next message at most a tenth of what went before. */
const SHARE_OF_QUIET = 0.1;

export interface PollFacts {
  /** Since the newest message arrived or was claimed, in ms; null: there never was one. */
  quietMs: number | null;
  /** Until a known message comes due, in ms; null: none is known. */
  nextDueInMs: number | null;
  /** The worker hears its wake-ups, so it asks only in case one was lost. */
  listens: boolean;
}

/** Milliseconds until the next claim, 1 000 to 60 000. */
export function pollHintMs({ quietMs, nextDueInMs, listens }: PollFacts): number {
  if (listens) return POLL_AT_MOST_MS;
  const byQuiet = quietMs === null ? POLL_AT_MOST_MS : quietMs * SHARE_OF_QUIET;
  const byDue = nextDueInMs ?? POLL_AT_MOST_MS;
  return Math.round(Math.min(POLL_AT_MOST_MS, Math.max(POLL_AT_LEAST_MS, Math.min(byQuiet, byDue))));
}
