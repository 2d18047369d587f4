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
  /** The provider refuses the credential, everything stands still for more than a day, machines die meanwhile. */
  "silence",
] as const;
export type Trouble = (typeof TROUBLES)[number];

export interface Plan {
  seed: number;
  troubles: ReadonlySet<Trouble>;
  /** Overrides of default policies, such as users set. */
  scaling: { maxWorkers?: number; idleTimeoutMs?: number };
  conversations: number;
  /** Workspaces that they belong to in turn: a machine serves one only. */
  tenants: 1 | 2;
  /** The image of their machines knows requests to give up a conversation, as one whose worker names its process does. */
  heedsRequests: boolean;
  messages: number;
  /** Between two messages, at most. */
  pauseMs: number;
  /** When the trouble ends, after the beginning. */
  troubledMs: number;
  /** When the silence begins, how long it is, and how long the provider goes on refusing after it. */
  silence: { afterMs: number; forMs: number; refusesMs: number } | null;
}

/** @param without kinds of trouble that are left out whatever the seed says; all else stays as it was. */
export function planOf(seed: number, without: readonly Trouble[] = []): Plan {
  const random = seeded(seed * 7_919 + 13);
  const chosen = TROUBLES.filter((trouble) => random.chance(trouble === "silence" ? 0.15 : 0.5));
  const troubles = new Set(chosen.filter((trouble) => !without.includes(trouble)));
  const maxWorkers = random.pick([null, null, 2, 3, 6]);
  // Default is half an hour, which costs as much as four other schedules.
  const idleMinutes = random.pick([null, 1, 1, 1, 1, 2, 2, 2, 3, 5]);
  const silence = {
    afterMs: random.between(1, 8) * MINUTE_MS,
    forMs: random.between(25, 40) * HOUR_MS,
    refusesMs: random.between(1, 25) * MINUTE_MS,
  };
  const troubledMs = random.between(2, 9) * MINUTE_MS;
  return {
    seed,
    troubles,
    scaling: {
      ...(maxWorkers === null ? {} : { maxWorkers }),
      ...(idleMinutes === null ? {} : { idleTimeoutMs: idleMinutes * MINUTE_MS }),
    },
    conversations: random.between(1, 4),
    tenants: seed % 2 === 0 ? 2 : 1,
    heedsRequests: seed % 5 !== 0,
    messages: random.between(2, 7),
    pauseMs: random.pick([5_000, 60_000, 3 * MINUTE_MS]),
    troubledMs,
    silence: troubles.has("silence") ? silence : null,
  };
}
