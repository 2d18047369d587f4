/**
 * Keeps the renewals of a lease and the writes under it apart. Both write the lease's row, so that of two which overlap the
 * deployment has to run one again.
 */
import type { Clock } from "./clock.js";

type Kind = "renewal" | "write";

export class LeaseTurns {
  /** Calls that run or wait for their turn. */
  private readonly open: Record<Kind, Set<Promise<unknown>>> = { renewal: new Set(), write: new Set() };

  /** `patienceMs`: the longest wait for calls that are not answered; then the one that waits goes out beside them. */
  constructor(
    private readonly clock: Clock,
    private readonly patienceMs: number,
  ) {}

  /** Makes a call after those of the other kind that came before it. Rejects as it does, or with the reason of `cut` instead. */
  async take<T>(kind: Kind, cut: AbortSignal, call: () => Promise<T>): Promise<T> {
    const earlier = [...this.open[kind === "write" ? "renewal" : "write"]];
    const turn = this.after(earlier, cut, call);
    this.open[kind].add(turn);
    try {
      return await turn;
    } finally {
      this.open[kind].delete(turn);
    }
  }

  private async after<T>(earlier: Promise<unknown>[], cut: AbortSignal, call: () => Promise<T>): Promise<T> {
    if (earlier.length > 0) {
      const answered = new AbortController();
      const patience = this.clock.sleep(this.patienceMs, AbortSignal.any([cut, answered.signal]));
      await Promise.race([Promise.allSettled(earlier), patience]);
      answered.abort();
    }
    cut.throwIfAborted();
    return await call();
  }
}
