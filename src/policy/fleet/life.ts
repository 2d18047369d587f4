/**
 * The life of one machine, launch and retirement in one: which steps it has, what each thing that happens makes of its record, what is
 * asked of the provider next, and when a step counts as stuck, waits, or is given up. Whoever acts (`core/fleet`) only does what is said here.
 */
import type { Policies } from "../../contract/policies.js";
import { backoffMs } from "../retry/backoff.js";
import type { Problem } from "./launchPause.js";
import type { MachineStep, MachineView, Seen, Steering } from "./types.js";

/** In their only order. */
const ORDER: readonly MachineStep[] = ["launching", "booting", "running", "retiring", "stopped"];
/** After this many attempts, whether they failed or said nothing, a launch is given up; the conversation gets another machine. */
const MAX_LAUNCHES = 5;
/** A machine that is on its way is looked at again after this. */
const LOOK_AGAIN_MS = 2_000;
/** A retirement is never given up: its machine costs money. */
const RETIREMENT_WAIT = { baseMs: 5_000, maxMs: 300_000 };
/** The next attempt is scheduled; it counts as lost when it is this late. */
const LATE_MS = 60_000;

/** What is recorded of a machine and decides what comes next; times in epoch ms. */
export interface Life {
  step: MachineStep;
  /** Counts hand-outs to actions. */
  attempt: number;
  /** Failures of the present step in a row. */
  failures: number;
  /** The launch failed for good. */
  gaveUp?: boolean | undefined;
  stepDeadlineAt: number;
  launchedAt?: number | undefined;
  bootedAt?: number | undefined;
  drain?: (Leave & { deadlineAt: number }) | undefined;
  stop?: Stop | undefined;
  problem?: Problem | undefined;
}
interface Leave {
  reason: string;
  at: number;
}
interface Stop extends Leave {
  /** When the machine was told to stop. */
  askedAt?: number | undefined;
}
type Change = Partial<Life>;
export interface Clock {
  now: number;
  fleet: Policies["fleet"];
}

/** What is learned of a machine: the provider has it, its worker has called, it was told to go, the provider has it no more. */
export type Report = "made" | "called" | "dismissed" | "gone";

const reaches: Readonly<Record<Report, MachineStep>> = {
  made: "booting",
  called: "running",
  dismissed: "retiring",
  gone: "stopped",
};

/**
 * The step into which `report` brings a machine; null: it has come that far already. A report moves it there from every earlier step and
 * from no later one: it may come late, twice, before another that was made first, or through somebody else (a listing instead of the launch).
 */
export function stepAfter(step: MachineStep, report: Report): MachineStep | null {
  const reached = reaches[report];
  return ORDER.indexOf(reached) > ORDER.indexOf(step) ? reached : null;
}

/** When a step that begins at `now` counts as stuck, epoch ms; 0: what serves is judged by its worker's signs of life. */
export function stepDeadline(step: MachineStep, { fleet, now }: Clock): number {
  switch (step) {
    case "launching":
    case "retiring":
      return now + fleet.stepDeadlineMs;
    case "booting":
      return now + fleet.bootDeadlineMs;
    case "running":
    case "stopped":
      return 0;
  }
}

/** The record of a machine that is ordered; its first attempt is handed out with it. */
export const ordered = (clock: Clock) => ({
  step: "launching" as const,
  attempt: 1,
  failures: 0,
  stepDeadlineAt: stepDeadline("launching", clock),
});

/** The provider has it, or its worker has called; null: that is known. */
export function came(life: Life, report: "made" | "called", clock: Clock): Change | null {
  const step = stepAfter(life.step, report);
  if (step === null) return null;
  return {
    step,
    failures: 0,
    gaveUp: undefined,
    problem: undefined,
    stepDeadlineAt: stepDeadline(step, clock),
    launchedAt: life.launchedAt ?? clock.now,
    ...(report === "called" ? { bootedAt: clock.now } : {}),
  };
}

/** The present step, or the one it enters, is handed to an action. */
export const handedOut = (life: Life, clock: Clock, entered: Change = {}): Change & { attempt: number } => ({
  ...entered,
  attempt: life.attempt + 1,
  stepDeadlineAt: stepDeadline(entered.step ?? life.step, clock),
});

export interface Failure {
  code: string;
  message: string;
  /** The same may succeed later without anybody changing anything. */
  retryable: boolean;
  /** Of a provider's error. */
  kind?: string | undefined;
}

/** Only a capacity problem is about this volume's place; the conversation gets another machine elsewhere. */
export const hadNoRoom = ({ kind }: Failure): boolean => kind === "capacity";

/** The step failed: what is recorded, and when it is tried again. `pauseMs`: how long launching rests now. */
export function failed(
  life: Life,
  failure: Failure,
  { now, pauseMs }: { now: number; pauseMs: number },
): { change: Change; againInMs: number } {
  const { code, message, retryable } = failure;
  const failures = life.failures + 1;
  const record = { failures, problem: { code, message, at: now } };
  if (life.step === "retiring") {
    const againInMs = backoffMs(failures, RETIREMENT_WAIT);
    return { change: { ...record, stepDeadlineAt: now + againInMs + LATE_MS }, againInMs };
  }
  const gaveUp = !retryable || hadNoRoom(failure);
  const againInMs = gaveUp ? 0 : pauseMs;
  const change = { ...record, stepDeadlineAt: now + againInMs };
  return { change: gaveUp ? { ...change, gaveUp } : change, againInMs };
}

/** What a command means for a machine as it is now. */
export type Obedience =
  | { kind: "nothing" }
  | { kind: "called"; change: Change }
  /** Its launch is handed out again. */
  | { kind: "launch" }
  /** Its worker is asked to save what it holds and take another conversation. */
  | { kind: "release"; of: string }
  /** Its worker is told to save and leave. */
  | { kind: "drain"; change: Change }
  /** Its retirement is handed out; `dismissed`: from now on its worker serves nobody. */
  | { kind: "retire"; change: Change; dismissed: boolean };

const NOTHING: Obedience = { kind: "nothing" };

/** The worker of a machine; null: its row is gone, then nobody serves there any more. `busy`: it has a message in hand. */
export type Servant = { status: MachineView["status"]; bound: boolean; busy: boolean } | null;

/** Facts may have moved on since the pass saw them: what is not right any more is nothing. */
export function obey(life: Life, worker: Servant, command: Steering, clock: Clock): Obedience {
  switch (command.kind) {
    case "booted": {
      const change = came(life, "called", clock);
      return change ? { kind: "called", change } : NOTHING;
    }
    case "resume":
      return resume(life, worker, clock);
    case "release":
      return worker?.status === "active" && worker.bound
        ? { kind: "release", of: command.conversationId }
        : NOTHING;
    case "drain":
      return drain(worker, command.reason, clock);
    case "stop":
      return stop(worker, { reason: command.reason, at: clock.now });
  }
}

const isLeaving = (worker: Servant): boolean =>
  worker === null || worker.status === "stopping" || worker.status === "stopped";

/** An overdue step is taken up again. A retirement that others began is taken up here, too. */
function resume(life: Life, worker: Servant, { now }: Clock): Obedience {
  if (life.stepDeadlineAt > now) return NOTHING;
  if (isLeaving(worker)) {
    const stop = life.stop ?? { reason: "drained", at: now };
    const change: Change = { step: "retiring", stop, gaveUp: undefined };
    return { kind: "retire", change, dismissed: false };
  }
  if (life.step !== "launching") return NOTHING;
  const isOver = life.gaveUp === true || life.attempt >= MAX_LAUNCHES || life.failures >= MAX_LAUNCHES;
  return isOver ? stop(worker, { reason: "never_launched", at: now }) : { kind: "launch" };
}

function drain(worker: Servant, reason: string, { now, fleet }: Clock): Obedience {
  if (worker?.status !== "active") return NOTHING;
  const leave = { reason, at: now, deadlineAt: now + fleet.drainDeadlineMs };
  // Nothing to save and nothing in hand: it need not even notice.
  if (!worker.bound && !worker.busy) return stop(worker, { reason: "drained", at: now }, { drain: leave });
  return { kind: "drain", change: { drain: leave } };
}

function stop(worker: Servant, why: Stop, more: Change = {}): Obedience {
  if (isLeaving(worker)) return NOTHING;
  const change: Change = { step: "retiring", stop: why, failures: 0, gaveUp: undefined, ...more };
  return { kind: "retire", change, dismissed: true };
}

/**
 * What is ordered of a machine on its way out, by what the provider says of it. One that has nothing left to save is not waited for as long.
 * `askedAt`: when it was told to stop; null: it was not.
 */
export function retirementOrder(
  seen: Seen,
  { askedAt, saved, stopTimeoutMs }: { askedAt: number | null; saved: boolean; stopTimeoutMs: number },
  now: number,
): "stop" | "wait" | "destroy" {
  const isRunning = seen === "running" || seen === "booting";
  if (isRunning && askedAt === null) return "stop";
  const patienceMs = saved ? LOOK_AGAIN_MS * 2 : stopTimeoutMs;
  const isInTime = askedAt !== null && now < askedAt + patienceMs;
  return (isRunning || seen === "stopping") && isInTime ? "wait" : "destroy";
}

/** A machine on its way out was looked at; `learned`: its volume was not known before, so that it is looked at again at once. */
export function looked(
  life: Life,
  { askedToStop, learned }: { askedToStop: boolean; learned: boolean },
  { now, fleet }: Clock,
): { change: Change; againInMs: number } {
  const againInMs = learned ? 0 : LOOK_AGAIN_MS;
  const why = life.stop ?? { reason: "drained", at: now };
  const change = {
    stop: askedToStop ? { ...why, askedAt: now } : why,
    failures: 0,
    stepDeadlineAt: now + againInMs + fleet.stepDeadlineMs,
  };
  return { change, againInMs };
}

/** Anything but a plain life may have left a volume behind: a second one of the same name, or one that would not go. */
export const wasTroubled = ({ attempt, failures }: Life): boolean => attempt > 2 || failures > 0;
