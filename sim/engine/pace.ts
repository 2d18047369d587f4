import { clearTimeout, setTimeout } from "node:timers";

/** Time and order, as an engine sees them: the machine's own, or made up by a test (`Interleaving`). */
export interface Pace {
  /** Epoch ms. */
  now(): number;
  /** From 0 to 1: waits between retries, ids, and `Math.random` of the functions. */
  random(): number;
  /** Before a transaction takes its snapshot. */
  begin(): Promise<void>;
  /** Between the last operation of a transaction and its commit; `ms` is what the transaction takes. */
  beforeCommit(ms: number): Promise<void>;
  /** Before a transaction that met a conflict starts again. */
  backOff(ms: number): Promise<void>;
  /** Calls `run` once, at that time. @returns how to call it off. */
  at(timeMs: number, run: () => void): () => void;
  /** Whether the action that is about to make this call is cut off here, as when its machine dies. Default: never. */
  interrupts?(action: string, call: string): boolean;
}

/** Node fires timers beyond 2^31-1 ms at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const pause = (ms: number): Promise<void> =>
  ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));

// As they are before functions get their own.
const now = Date.now;
const random = Math.random;

/** The clock and timers of this machine. */
export const realPace: Pace = {
  now,
  random,
  begin: () => Promise.resolve(),
  beforeCommit: pause,
  backOff: pause,
  at: (timeMs, run) => {
    let timer: NodeJS.Timeout;
    const arm = () => {
      const left = timeMs - now();
      timer = setTimeout(left > MAX_TIMER_MS ? arm : run, Math.min(Math.max(left, 0), MAX_TIMER_MS));
    };
    arm();
    return () => clearTimeout(timer);
  },
};
