import type { Planned } from "../demo/traffic.js";

/** Which message is meant: `<conversation>/<sequence>`. */
type Key = string;
const keyOf = ({ conversation, sequence }: Pick<Planned, "conversation" | "sequence">): Key =>
  `${conversation}/${sequence}`;

/** What became of the messages; all four are counts. */
export interface Outcome {
  answered: number;
  /** Enqueued, or meant to be, and not answered. */
  lost: number;
  /** Answers beyond the first of a message, and answers to what nobody asked. */
  duplicated: number;
  /** Messages that were claimed, or answered, before the one in front of them in their conversation had its end. */
  outOfOrder: number;
}

/**
 * Everything that was seen of each message, from outside the deployment: when its enqueue was sent, when a worker first got
 * it, when its end was reported, when it was answered. Times are epoch ms.
 */
export class Ledger {
  private readonly enqueuedAt = new Map<Key, number>();
  private readonly claimedAt = new Map<Key, number>();
  private readonly ending = new Set<Key>();
  private readonly answers = new Map<Key, number>();
  private unasked = 0;
  private misplaced = 0;
  /** When the newest answer came. */
  lastAnswerAt: number | null = null;

  constructor(private readonly planned: readonly Planned[]) {}

  enqueued(message: Planned, at: number): void {
    this.enqueuedAt.set(keyOf(message), at);
  }

  /** A worker got it; a repeat after a lost attempt counts as no second claim. */
  claimed(message: Pick<Planned, "conversation" | "sequence">, at: number): void {
    const key = keyOf(message);
    if (!this.claimedAt.has(key)) this.claimedAt.set(key, at);
    if (!this.isFirstInLine(message)) this.misplaced += 1;
  }

  /** Its end is about to be reported: from now on the next of its conversation may be claimed. */
  ends(message: Pick<Planned, "conversation" | "sequence">): void {
    this.ending.add(keyOf(message));
  }

  answered(message: Pick<Planned, "conversation" | "sequence">, at: number): void {
    const key = keyOf(message);
    if (!this.enqueuedAt.has(key)) {
      this.unasked += 1;
      return;
    }
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
    this.lastAnswerAt = at;
  }

  get enqueuedCount(): number {
    return this.enqueuedAt.size;
  }
  get answeredCount(): number {
    return this.answers.size;
  }
  get isComplete(): boolean {
    return this.answers.size === this.planned.length;
  }

  outcome(): Outcome {
    const times = [...this.answers.values()];
    return {
      answered: this.answers.size,
      lost: this.planned.length - this.answers.size,
      duplicated: times.reduce((sum, count) => sum + count - 1, 0) + this.unasked,
      outOfOrder: this.misplaced,
    };
  }

  /** From sending the enqueue to the first claim, of every message that was claimed, ascending, in ms. */
  waits(): number[] {
    return [...this.claimedAt]
      .flatMap(([key, at]) => {
        const since = this.enqueuedAt.get(key);
        return since === undefined ? [] : [at - since];
      })
      .sort((a, b) => a - b);
  }

  private isFirstInLine({ conversation, sequence }: Pick<Planned, "conversation" | "sequence">): boolean {
    return sequence === 1 || this.ending.has(keyOf({ conversation, sequence: sequence - 1 }));
  }
}

/** Nearest rank; `sorted` ascending. */
export const percentile = (sorted: readonly number[], share: number): number | null =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
