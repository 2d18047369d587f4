/** What a seed makes of a schedule: how long transactions take, who enqueues how much, which workers there are. */
import { seeded, type Random } from "../simulation/random.js";

export const TENANTS = 3;
export const LANES = ["default", "red"];

/** How a worker calls and waits. */
export interface WorkerPlan {
  lanes: readonly string[];
  /** Without a token it is the host's own and serves the default lane. */
  hasToken: boolean;
  /** Bound to one tenant, by its token or by what it says. */
  workspace: string | null;
  listens: boolean;
  isStateful: boolean;
  /** One call that ends, records and claims, or one for each as 1.0.11 has it. */
  settles: boolean;
  /** It never stays away, so that in the end everything is worked off. */
  isSteady: boolean;
}

export type Kind = "plain" | "stalls" | "single";

export interface Plan {
  seed: number;
  kind: Kind;
  stallMs: number;
  stallChance: number;
  transactionMs: number;
  stepMs: number;
  hosts: number;
  messages: number;
  conversations: number;
  /** Between two messages of a host, at most. */
  pauseMs: number;
  /** A lease short enough that expiries are many. */
  hasShortLeases: boolean;
  workers: WorkerPlan[];
}

const steady: WorkerPlan = {
  lanes: LANES,
  hasToken: true,
  workspace: null,
  listens: false,
  isStateful: false,
  settles: true,
  isSteady: true,
};

function aWorker(random: Random): WorkerPlan {
  const isBound = random.chance(0.25);
  const isStateful = random.chance(0.3);
  const hasToken = isStateful || random.chance(0.7);
  const lanes = isStateful ? LANES : random.pick([LANES, LANES, ["default"], ["red"]]);
  return {
    lanes: hasToken ? lanes : ["default"],
    hasToken,
    workspace: isBound ? `tenant${random.between(0, TENANTS - 1)}` : null,
    listens: random.chance(0.6),
    isStateful,
    settles: random.chance(0.6),
    isSteady: false,
  };
}

const KINDS: readonly Kind[] = ["plain", "stalls", "plain", "stalls", "single"];

export function planOf(seed: number): Plan {
  const random = seeded(seed * 7_919 + 1);
  const kind = KINDS[seed % KINDS.length] ?? "plain";
  const stalls = kind === "stalls";
  const first = { ...steady, listens: random.chance(0.5), settles: random.chance(0.7) };
  const others = kind === "single" ? 0 : random.between(1, 5);
  return {
    seed,
    kind,
    stallMs: stalls ? 10_000 : 0,
    stallChance: stalls ? random.pick([0.01, 0.04, 0.1]) : 0,
    transactionMs: random.pick([2, 10, 30]),
    stepMs: random.pick([1, 2, 5]),
    hosts: random.between(1, 3),
    messages: random.between(8, 24),
    conversations: random.between(2, 8),
    pauseMs: random.pick([50, 500, 5_000, 12_000]),
    hasShortLeases: random.chance(0.6),
    workers: [first, ...Array.from({ length: others }, () => aWorker(random))],
  };
}
