/** How long a worker that was asked to save and give up its conversation is waited for. */

/**
 * It hears the request with its next poll, a minute on at the latest, and an upload may take `SNAPSHOT_TIMEOUT_MS`, two minutes by
 * default. Whoever holds on for longer does not give way.
 */
export const RELEASE_WITHIN_MS = 180_000;
/**
 * For so long it gets no further message of its own, as one with a long queue would never rest. Longer than a turn of the loop takes to
 * notice, and short: one that cannot give way (its store is down, it is of an old version) goes on soon.
 */
const NO_WORK_FOR_MS = 30_000;

/** `askedAt`: of its binding; absent: it was not asked, or holds another conversation since. */
export interface Asked {
  askedAt?: number | undefined;
}

/** It may still give way. */
export const mayGiveWay = ({ askedAt }: Asked, now: number): boolean =>
  askedAt !== undefined && askedAt + RELEASE_WITHIN_MS > now;

/** It shall give way before it takes the next message. */
export const shallGiveWayFirst = ({ askedAt }: Asked, now: number): boolean =>
  askedAt !== undefined && askedAt + NO_WORK_FOR_MS > now;
