/** What a seed makes of a schedule: which kinds of trouble there are, who writes how much, and what an operator has set. */
import { seeded } from "../simulation/random.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Kinds of trouble. A schedule has some of them; leaving one out shows whether a violation needs it. */
export const TROUBLES = [
  /** Calls to the provider take seconds or minutes; some take effect after their caller has given up. */
  "delays",
  /** The provider answers 429, 5xx or not at all, now and then or for minutes. */
  "refusals",
  /** Listings are empty, partial, old or unreadable for a while. */
  "lies",
  /** Actions of the component die between two calls. */
  "crashes",
  /** Machines die: out of memory, at boot, or they never come up. */
  "deaths",
  /** Workers lose the network for minutes, or the answer to a call. */
  "losses",
  /** For more than a day the provider refuses everything, and nobody looks. */
  "silence",
] as const;
export type Trouble = (typeof TROUBLES)[number];

export interface Plan {
  seed: number;
  troubles: ReadonlySet<Trouble>;
  /** Overrides of default policies, such as users set. */
  scaling: { maxWorkers?: number; idleTimeoutMs?: number };
  conversations: number;
  messages: number;
  /** Between two messages, at most. */
  pauseMs: number;
  /** When the trouble ends, after the beginning. */
  troubledMs: number;
  /** When the provider begins to refuse everything, and for how long. */
  dark: { afterMs: number; forMs: number } | null;
}

/** @param without kinds of trouble that are left out whatever the seed says; all else stays as it was. */
export function planOf(seed: number, without: readonly Trouble[] = []): Plan {
  const random = seeded(seed * 7_919 + 13);
  const chosen = TROUBLES.filter((trouble) => random.chance(trouble === "silence" ? 0.06 : 0.5));
  const troubles = new Set(chosen.filter((trouble) => !without.includes(trouble)));
  const maxWorkers = random.pick([null, null, 2, 3, 6]);
  const idleTimeoutMs = random.pick([null, 2 * MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS]);
  const dark = { afterMs: random.between(1, 8) * MINUTE_MS, forMs: random.between(25, 40) * HOUR_MS };
  const troubledMs = random.between(5, 25) * MINUTE_MS;
  return {
    seed,
    troubles,
    scaling: {
      ...(maxWorkers === null ? {} : { maxWorkers }),
      ...(idleTimeoutMs === null ? {} : { idleTimeoutMs }),
    },
    conversations: random.between(1, 5),
    messages: random.between(2, 12),
    pauseMs: random.pick([5_000, 60_000, 4 * MINUTE_MS]),
    troubledMs,
    dark: troubles.has("silence") ? dark : null,
  };
}
