/** What a seed makes of a schedule: how long transactions take, who enqueues how much, which workers there are. */
import { seeded, type Random } from "../simulation/random.js";

export const TENANTS = 3;
const LANES = ["default", "red"];

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
  /** It gets lost in the middle of so many of its jobs, from 0 to 1. */
  crashChance: number;
  /** So many of its answers are lost, from 0 to 1. */
  repeatChance: number;
  /** It goes without a word right after so many of its jobs, before it polls again. */
  leaveChance: number;
  /** It goes after so many of its polls that brought nothing. */
  idleChance: number;
  /** It starts only when something waits, so that its first poll brings work. */
  comesForWork: boolean;
  /** How long it may be away. */
  absencesMs: readonly number[];
  /** How often it comes back without memory, or for other lanes, or as it was at first. */
  changeChance: number;
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
  /** How often a host sends several at one time, and how often it sends what has ended round again. From 0 to 1. */
  burstChance: number;
  redriveChance: number;
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

/** Within a beat, beyond it, and beyond what a schedule's policy remembers. */
const ABSENCES_MS = [5_000, 45_000, 150_000, 260_000, 1_500_000];
/** Where nobody else is there to serve. */
const SHORT_ABSENCES_MS = [500, 8_000, 20_000];

/**
 * What goes wrong with the workers of such a schedule. Chance alone hardly ever makes the rarer ones, so each is a kind of its own:
 * `mixed`, a little of everything; `alone`, a worker that gets lost again and again and is given the same message when it is back;
 * `leaves`, those that were never idle go for good; `changes`, they are soon back, without memory or for other lanes;
 * `twins`, two processes under one id.
 */
const LIVES = ["mixed", "alone", "leaves", "changes", "twins"] as const;
type Life = (typeof LIVES)[number];

/** Without help by a steady worker it needs to serve all: one with memory would keep to its first conversation. */
function aReturner(random: Random, life: Life, hasHelp: boolean): ReturnerPlan {
  const any: ReturnerPlan = {
    ...steady,
    settles: random.chance(0.7),
    isSteady: false,
    isStateful: random.chance(0.7),
    namesItself: random.chance(0.6),
    hasTwin: random.chance(0.4),
    crashChance: 0.12,
    repeatChance: 0.08,
    leaveChance: 0.02,
    idleChance: 0.04,
    comesForWork: false,
    absencesMs: ABSENCES_MS,
    changeChance: 0.3,
  };
  switch (life) {
    case "mixed":
      return any;
    case "alone":
      return {
        ...any,
        isStateful: hasHelp,
        hasTwin: false,
        crashChance: 0.4,
        absencesMs: SHORT_ABSENCES_MS,
        changeChance: 0,
      };
    case "leaves":
      return {
        ...any,
        isStateful: true,
        hasTwin: false,
        leaveChance: 0.3,
        comesForWork: true,
        absencesMs: [260_000, 1_500_000],
      };
    case "changes":
      return {
        ...any,
        isStateful: true,
        hasTwin: false,
        leaveChance: 0.2,
        idleChance: 0,
        absencesMs: [5_000, 20_000],
        changeChance: 0.8,
      };
    case "twins":
      return {
        ...any,
        isStateful: hasHelp && any.isStateful,
        hasTwin: true,
        namesItself: random.chance(0.4),
        repeatChance: 0.5,
        absencesMs: hasHelp ? ABSENCES_MS : SHORT_ABSENCES_MS,
        changeChance: 0,
      };
  }
}

function returnsPlan(seed: number, random: Random): Plan {
  const life = LIVES[seed % LIVES.length] ?? "mixed";
  const isAlone = life === "alone";
  const hasHelp = !isAlone && (life !== "twins" || random.chance(0.5));
  return {
    seed,
    kind: "returns",
    stallMs: 0,
    stallChance: 0,
    transactionMs: random.pick([2, 10, 30]),
    stepMs: random.pick([1, 2, 5]),
    hosts: random.between(1, 3),
    messages: random.between(10, 20),
    conversations: random.between(2, 6),
    burstChance: 0.3,
    redriveChance: 0.5,
    pauseMs: hasHelp ? random.pick([12_000, 60_000, 150_000]) : isAlone ? 5_000 : 1_000,
    hasShortLeases: isAlone || random.chance(0.5),
    workers: hasHelp ? [steady] : [],
    returners: Array.from({ length: isAlone ? 1 : random.between(1, 3) }, () =>
      aReturner(random, life, hasHelp),
    ),
  };
}

/** Seeds from here on are schedules of one worker and a crowd, and of lulls in which arrivals hang, by turns. */
export const EXTREMES_FROM = 2_000_000;

/** Who waits for long is passed over, or is not: one worker, and dozens of messages at once. */
function crowdPlan(seed: number, random: Random): Plan {
  return {
    ...ordinaryPlan(seed, random, "single"),
    hosts: 3,
    messages: random.between(36, 48),
    conversations: random.between(10, 16),
    pauseMs: 500,
    hasShortLeases: false,
  };
}

/** Several arrive, one hangs, and the others are taken meanwhile: then nobody else will come and look. */
function lullPlan(seed: number, random: Random): Plan {
  const plan = ordinaryPlan(seed, random, "stalls");
  return {
    ...plan,
    workers: plan.workers.slice(0, 2),
    stallChance: 0.2,
    hosts: 1,
    messages: 16,
    conversations: 6,
    burstChance: 0.8,
    pauseMs: 30_000,
  };
}

export function planOf(seed: number): Plan {
  const random = seeded(seed * 7_919 + 1);
  if (seed >= EXTREMES_FROM) return seed % 2 === 0 ? crowdPlan(seed, random) : lullPlan(seed, random);
  if (seed >= RETURNS_FROM) return returnsPlan(seed, random);
  return ordinaryPlan(seed, random, KINDS[seed % KINDS.length] ?? "plain");
}

function ordinaryPlan(seed: number, random: Random, kind: Kind): Plan {
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
    burstChance: 0.3,
    redriveChance: 0.2,
    hasShortLeases: random.chance(0.6),
    workers: [first, ...Array.from({ length: others }, () => aWorker(random))],
    returners: [],
  };
}
