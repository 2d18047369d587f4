/** Lanes (tags): which workers may take a message, and in which order a worker looks at its lanes. */

export const DEFAULT_LANE = "default";
/** Most lanes a worker may serve: a claim reads one row per lane. */
export const MAX_LANES = 16;
const LANE_SHAPE = /^[A-Za-z0-9._:-]{1,100}$/;
const PLACEHOLDER = /\$workspace|\$args\[([^\]]*)\]/g;

export const isLane = (tag: string): boolean => LANE_SHAPE.test(tag);

const TAG_FIX =
  "A lane is 1 to 100 letters, digits, dots, underscores, colons and hyphens; $workspace and $args[name] stand for " +
  "the workspace and for a value of the message's metadata.";

/** A lane of the system: work that only trusted workers may take, of the whole instance or of one workspace. */
export const SYSTEM_LANE = "system";
export const systemLaneOf = (workspace: string): string => `${SYSTEM_LANE}:${workspace}`;
export const isSystemLane = (lane: string): boolean =>
  lane === SYSTEM_LANE || lane.startsWith(`${SYSTEM_LANE}:`);

export type ResolvedLane = { lane: string } | { fault: string };

/**
 * Resolves the dynamic parts of a tag at enqueue: `$workspace`, and `$args[name]` from the payload's metadata. What a
 * message says about itself never reaches a system lane: those are named literally, and only the workspace's own.
 */
export function resolveLane(
  tag: string,
  workspace: string,
  metadata: Readonly<Record<string, string>>,
): ResolvedLane {
  const missing: string[] = [];
  let fromMessage = false;
  const lane = tag.replace(PLACEHOLDER, (whole, name: string | undefined) => {
    if (whole === "$workspace") return workspace;
    fromMessage = true;
    const value = name !== undefined && Object.hasOwn(metadata, name) ? metadata[name] : undefined;
    if (value === undefined || value === "") missing.push(name ?? "");
    return value ?? "";
  });
  if (missing.length > 0) {
    const names = missing.map((name) => `'${name}'`).join(", ");
    return { fault: `The tag '${tag}' does not resolve: it needs the metadata ${names}.` };
  }
  if (!isLane(lane)) return { fault: `The tag '${tag}' does not resolve to a legal lane name. ${TAG_FIX}` };
  if (isSystemLane(lane) && (fromMessage || !(lane === SYSTEM_LANE || lane === systemLaneOf(workspace)))) {
    return { fault: `The tag '${tag}' would reach a system lane that is not this workspace's own.` };
  }
  return { lane };
}

/** What is wrong with a tag as it is written, before any message, or null. */
export function tagFault(tag: string): string | null {
  const names = [...tag.matchAll(PLACEHOLDER)].map((match) => match[1]);
  if (names.some((name) => name === "")) return `The tag '${tag}' has an $args[] without a name. ${TAG_FIX}`;
  return isLane(tag.replace(PLACEHOLDER, "x")) ? null : `The tag '${tag}' is not a lane. ${TAG_FIX}`;
}

/** No lane holds a slash, so these sort apart from every lane. */
const OWNED_POOL = "worker/";
/** The first possible pool behind all owned ones: `0` follows `/`. */
export const AFTER_OWNED_POOLS = "worker0";

/** Where claims look for a ready conversation: its lane, or, while a worker owns it, a pool that only that worker looks at. */
export const poolOf = (lane: string, owner: string | undefined): string =>
  owner === undefined ? lane : `${OWNED_POOL}${owner}`;

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
