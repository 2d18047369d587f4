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

/** A worker that goes away and comes back under its id (`returner.ts`). */
export interface ReturnerPlan extends WorkerPlan {
  /** Its processes are told apart. */
  namesItself: boolean;
  /** A second process uses its id. */
  hasTwin: boolean;
}

export type Kind = "plain" | "stalls" | "single" | "returns";

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
  returners: ReturnerPlan[];
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

/** Seeds from here on are schedules of workers that go away and come back. */
export const RETURNS_FROM = 1_000_000;
/** How long such a schedule's silent workers are remembered. */
export const FORGET_AFTER_MS = 1_000_000;

function aReturner(random: Random): ReturnerPlan {
  return {
    ...steady,
    settles: random.chance(0.7),
    isSteady: false,
    isStateful: random.chance(0.7),
    namesItself: random.chance(0.6),
    hasTwin: random.chance(0.4),
  };
}

function returnsPlan(seed: number): Plan {
  const random = seeded(seed * 7_919 + 1);
  return {
    seed,
    kind: "returns",
    stallMs: 0,
    stallChance: 0,
    transactionMs: random.pick([2, 10, 30]),
    stepMs: random.pick([1, 2, 5]),
    hosts: random.between(1, 3),
    messages: random.between(12, 30),
    conversations: random.between(2, 6),
    pauseMs: random.pick([12_000, 60_000, 150_000]),
    hasShortLeases: random.chance(0.5),
    workers: [steady],
    returners: Array.from({ length: random.between(1, 3) }, () => aReturner(random)),
  };
}

export function planOf(seed: number): Plan {
  if (seed >= RETURNS_FROM) return returnsPlan(seed);
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
    returners: [],
  };
}
