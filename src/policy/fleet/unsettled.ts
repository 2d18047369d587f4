/**
 * Creations whose outcome is not known: given up, cut off, or left behind by an action that died. Such a one may still take effect, so it
 * has its place in `scaling.maxWorkers` until its machine is seen, or a list that was begun when it could not come any more lacks it.
 */

/**
 * For so long after it was sent a creation may take effect, ms. One is answered within seconds; what was given up on the way waits as long as
 * proxies wait for their upstream, commonly 60 s. This is twice that.
 */
export const LATE_EFFECT_MS = 120_000;

/** What one attempt at a launch has sent, or may have, and until when it may take effect, epoch ms. */
export interface Creation {
  attempt: number;
  until: number;
}

/** `attempt` begins to send; it sends nothing from `deadlineAt` on. */
export const afterBegin = (
  creations: readonly Creation[],
  attempt: number,
  deadlineAt: number,
): Creation[] => [...creations, { attempt, until: deadlineAt + LATE_EFFECT_MS }];

/** `attempt` has reported at `now`, and sends nothing any more. `unsettled`: something of what it sent may still take effect. */
export const afterReport = (
  creations: readonly Creation[],
  attempt: number,
  { unsettled, now }: { unsettled: boolean; now: number },
): Creation[] =>
  creations.flatMap((creation) => {
    if (creation.attempt !== attempt) return [creation];
    return unsettled ? [{ attempt, until: now + LATE_EFFECT_MS }] : [];
  });

/** When none of them can come any more, epoch ms; undefined: there is none. */
export const settledAt = (creations: readonly Creation[]): number | undefined =>
  creations.length === 0 ? undefined : Math.max(...creations.map(({ until }) => until));
