/** The simulator's time. The default uses the globals at the time of the call, so a test's fake timers move it. */
export interface SimClock {
  /** Epoch ms. */
  now(): number;
  /** Runs `act` once, `ms` later; the result cancels it. */
  after(ms: number, act: () => void): () => void;
}

export const systemClock: SimClock = {
  now: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** Delayed acts of one owner, so that none outlives it. */
export class Timers {
  private readonly pending = new Set<() => void>();

  constructor(private readonly clock: SimClock) {}

  after(ms: number, act: () => void): () => void {
    const cancelTimer = this.clock.after(ms, () => {
      this.pending.delete(cancel);
      act();
    });
    const cancel = () => {
      this.pending.delete(cancel);
      cancelTimer();
    };
    this.pending.add(cancel);
    return cancel;
  }

  cancelAll(): void {
    for (const cancel of [...this.pending]) cancel();
  }
}
