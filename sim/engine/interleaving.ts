import { seededRandom } from "../faults/index.js";
import { outsideFrames } from "./frames.js";
import type { Pace } from "./pace.js";

interface Timer {
  atMs: number;
  serial: number;
  run: () => void;
}

/** How a made-up schedule moves. */
export interface InterleavingOptions {
  seed: number;
  /** Epoch ms at which the clock begins. Default 2030-01-01. */
  startMs?: number;
  /** The clock moves by up to this much with each step. Default 2. */
  stepMs?: number;
  /** How often, from 0 to 1, a transaction that is about to commit hangs instead. Default 0. */
  stallChance?: number;
  /** For how long at most. Default 10 000. */
  stallMs?: number;
}

/** `setImmediate` of Node, whatever stands in its place when a test calls. */
const immediate = globalThis.setImmediate;
const turn = (): Promise<void> => new Promise((resolve) => immediate(resolve));

/**
 * Time and order out of a seed: of all transactions that are open, chance says which one goes on. A transaction reads its
 * own snapshot, so nothing in between can be seen by anybody: its snapshot and its commit are the two moments that make a
 * schedule, and here it waits for its turn before both. The clock is made up too: it moves with each step, and jumps to
 * the next timer when nobody has anything to do.
 */
export class Interleaving implements Pace {
  private readonly chance: () => number;
  /** What functions draw is a sequence of its own, or a change in one would shuffle the schedule. */
  private readonly drawn: () => number;
  private readonly parked: (() => void)[] = [];
  private readonly timers: Timer[] = [];
  protected clockMs: number;
  private serial = 0;
  /** Transactions between their snapshot and their wait for the commit, and what else takes real time. */
  private running = 0;
  steps = 0;

  constructor(private readonly options: InterleavingOptions) {
    this.chance = seededRandom(options.seed);
    this.drawn = seededRandom(options.seed + 1);
    this.clockMs = options.startMs ?? Date.UTC(2030, 0, 1);
  }

  now(): number {
    return this.clockMs;
  }

  random(): number {
    return this.drawn();
  }

  async begin(): Promise<void> {
    await this.park();
    this.running += 1;
  }

  async beforeCommit(ms: number): Promise<void> {
    this.running -= 1;
    const { stallChance = 0, stallMs = 10_000 } = this.options;
    const stalls = stallChance > 0 && this.chance() < stallChance;
    await this.sleep(ms + (stalls ? this.chance() * stallMs : 0));
    await this.park();
  }

  backOff(ms: number): Promise<void> {
    return this.sleep(ms);
  }

  at(timeMs: number, run: () => void): () => void {
    const timer = { atMs: timeMs, serial: (this.serial += 1), run };
    this.timers.push(timer);
    return () => {
      const place = this.timers.indexOf(timer);
      if (place >= 0) this.timers.splice(place, 1);
    };
  }

  /** Lets `ms` of the made-up time pass for whoever waits. */
  sleep(ms: number): Promise<void> {
    return ms <= 0 ? Promise.resolve() : new Promise((resolve) => this.at(this.clockMs + ms, resolve));
  }

  /** Stands still while `work` takes the machine's own time: what it is about happens in one moment of the made-up time. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.running += 1;
    try {
      return await work();
    } finally {
      this.running -= 1;
    }
  }

  /**
   * Drives everything until `work` is done.
   * @returns its result.
   * @throws what it throws, and Error when nothing is left to do and it still waits.
   */
  async drive<T>(work: Promise<T>): Promise<T> {
    const end = { isReached: false };
    const finish = () => {
      end.isReached = true;
    };
    work.then(finish, finish);
    for (;;) {
      await this.settle();
      if (end.isReached) return work;
      if (!this.step()) throw new Error("Nothing is left to do, and what was waited for did not happen");
    }
  }

  /** Drives everything for that long. */
  pass(ms: number): Promise<void> {
    return this.drive(this.sleep(ms));
  }

  /** Waits until every transaction that runs is parked: what it waits for may take the machine real time. */
  private async settle(): Promise<void> {
    do await turn();
    while (this.running > 0);
    // The code between two calls, such as a worker's loop, goes on here.
    await turn();
  }

  /** One step of whoever chance chooses, or of the clock. @returns whether there was one. */
  private step(): boolean {
    this.steps += 1;
    const due = this.timers.filter(({ atMs }) => atMs <= this.clockMs);
    const next = due.length > 0 ? earliest(due) : this.parked.length === 0 ? earliest(this.timers) : null;
    if (next) {
      this.timers.splice(this.timers.indexOf(next), 1);
      this.clockMs = Math.max(this.clockMs, next.atMs);
      outsideFrames(next.run);
      return true;
    }
    if (this.parked.length === 0) return false;
    this.clockMs += this.chance() * (this.options.stepMs ?? 2);
    const [resume] = this.parked.splice(Math.floor(this.chance() * this.parked.length), 1);
    resume?.();
    return true;
  }

  private park(): Promise<void> {
    return new Promise((resolve) => this.parked.push(resolve));
  }
}

function earliest(timers: readonly Timer[]): Timer | null {
  let first: Timer | null = null;
  for (const timer of timers)
    if (!first || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.serial < first.serial))
      first = timer;
  return first;
}
