/** Lanes (tags): which workers may take a message, and in which order a worker looks at its lanes. */

export const DEFAULT_LANE = "default";
/** Most lanes a worker may serve: a claim reads one row per lane. */
export const MAX_LANES = 16;
const LANE_SHAPE = /^[A-Za-z0-9._:-]{1,100}$/;

export const isLane = (tag: string): boolean => LANE_SHAPE.test(tag);

/**
 * Resolves the dynamic parts of a tag at enqueue: `$workspace`, and `$args[name]` from the payload's metadata.
 * Returns null when the name is absent or the result is not a legal lane.
 */
export function resolveLane(tag: string, workspace: string, metadata: Record<string, string>): string | null {
  let missing = false;
  const resolved = tag.replace(/\$workspace|\$args\[([^\]]*)\]/g, (whole, name: string | undefined) => {
    if (whole === "$workspace") return workspace;
    const value = metadata[name ?? ""];
    if (value === undefined) missing = true;
    return value ?? "";
  });
  return !missing && isLane(resolved) ? resolved : null;
}

export interface LaneHead {
  lane: string;
  band: number;
  readyAt: number;
}

/** After this wait a head may win its lane's turn by lot, so that no lane starves behind a busier one. */
const LOTTERY_AFTER_MS = 10_000;
const LOTTERY_SHARE = 0.25;

/**
 * The heads of a worker's lanes in the order to try them. Lanes have separate virtual clocks that must not be compared:
 * higher band first, then the one ready for longest; once a head has waited 10 s, one claim in four draws by lot.
 * `random` is two draws from 0..1.
 */
export function orderHeads<Head extends LaneHead>(
  heads: readonly Head[],
  now: number,
  random: readonly [number, number],
): Head[] {
  const ordered = [...heads].sort((a, b) => b.band - a.band || a.readyAt - b.readyAt);
  const waiting = ordered.some((head) => now - head.readyAt >= LOTTERY_AFTER_MS);
  if (ordered.length < 2 || !waiting || random[0] >= LOTTERY_SHARE) return ordered;
  const drawn = ordered[Math.floor(random[1] * ordered.length)];
  return drawn === undefined ? ordered : [drawn, ...ordered.filter((head) => head !== drawn)];
}
