/**
 * What one transaction of a sweep takes on: rows of very different sizes, so it is bounded in rows and in bytes. A sweep makes one
 * and takes from each of its ranges a share of it, so that none of them can leave the others nothing.
 */
import { getConvexSize, type Value } from "convex/values";

const MAX_ROWS = 250;
/** A quarter of what one may read (16 MiB) is not passed: by the last row of a share, of at most 1 MiB, and by its reading again. */
const MAX_BYTES = 2 * 1024 * 1024;
/** A quarter of what the smallest class of deployments may write in a second, which all others share too. */
const BYTES_PER_SECOND = 1024 * 1024;

export class Batch {
  /** Rows acted upon so far. */
  rows = 0;
  /** Whether the next batch follows by itself while more is due. False: what was started sees to that, or the next look does. */
  goesOn = true;
  private bytes = 0;
  private leastPauseMs = 0;

  /**
   * The first rows of a range. `shares`: how many ranges this batch is for; `most`: fewer rows, where each costs more than itself.
   * At least one row if there is any.
   */
  async take<Row extends Record<string, unknown>>(
    range: AsyncIterable<Row>,
    { shares = 1, most = MAX_ROWS }: { shares?: number; most?: number } = {},
  ): Promise<Row[]> {
    const taken: Row[] = [];
    let bytes = 0;
    for await (const row of range) {
      taken.push(row);
      bytes += getConvexSize(row as Value);
      if (taken.length >= Math.min(most, Math.ceil(MAX_ROWS / shares)) || bytes >= MAX_BYTES / shares) break;
    }
    this.rows += taken.length;
    this.bytes += bytes;
    return taken;
  }

  /** Rows that were found in another way. */
  count(rows: number): void {
    this.rows += rows;
  }

  /** What was started needs this long before the next batch makes sense. */
  pauseAtLeast(ms: number): void {
    this.leastPauseMs = ms;
  }

  /** How long the next batch shall wait: so that all of them together write at a steady pace. */
  get pauseMs(): number {
    return Math.max(this.leastPauseMs, Math.floor((this.bytes / BYTES_PER_SECOND) * 1_000));
  }
}
