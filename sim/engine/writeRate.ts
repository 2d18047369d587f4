import { TooManyWrites } from "./errors.js";

const WINDOW_MS = 1_000;

/** Bytes written per second by all transactions together. The smallest class of Convex allows 4 MiB. */
export class WriteRate {
  private readonly recent: { at: number; bytes: number }[] = [];
  private sum = 0;

  constructor(
    private readonly bytesPerSecond: number,
    private readonly now: () => number,
  ) {}

  /**
   * Counts a commit. One that alone is more than a second's worth passes when nothing else was written in that second.
   * @throws TooManyWrites
   */
  admit(bytes: number): void {
    const now = this.now();
    while (this.recent[0] && this.recent[0].at <= now - WINDOW_MS) this.sum -= this.recent.shift()!.bytes;
    if (this.sum > 0 && this.sum + bytes > this.bytesPerSecond) throw new TooManyWrites(this.bytesPerSecond);
    if (bytes === 0) return;
    this.recent.push({ at: now, bytes });
    this.sum += bytes;
  }
}
