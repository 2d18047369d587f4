import { after, type IndexKey, type KeyRange } from "./orderedKeys.js";

/** One change of one document, as every index of its table sees it. */
export interface IndexWrite {
  indexNumber: number;
  /** The document's place before; undefined: it was not there. */
  oldKey: IndexKey | undefined;
  newKey: IndexKey | undefined;
}

/**
 * What a transaction has looked at: intervals of index keys, the empty places in them included. A write anywhere inside
 * would have changed what it saw; a write outside cannot have.
 */
export class ReadSet {
  private readonly points = new Map<number, Set<IndexKey>>();
  private readonly ranges = new Map<number, KeyRange[]>();
  /** Distinct intervals, which Convex limits. */
  size = 0;

  addPoint(indexNumber: number, key: IndexKey): void {
    const points = this.points.get(indexNumber) ?? new Set();
    this.points.set(indexNumber, points);
    if (points.has(key)) return;
    points.add(key);
    this.size += 1;
  }

  /** The caller may widen the range as it reads on. */
  addRange(indexNumber: number, range: KeyRange): void {
    const ranges = this.ranges.get(indexNumber);
    if (ranges) ranges.push(range);
    else this.ranges.set(indexNumber, [range]);
    this.size += 1;
  }

  /** The first of these writes that changed something in the set; null: none did. */
  firstTouched(writes: readonly IndexWrite[]): IndexWrite | null {
    for (const write of writes)
      if (this.covers(write.indexNumber, write.oldKey) || this.covers(write.indexNumber, write.newKey))
        return write;
    return null;
  }

  private covers(indexNumber: number, key: IndexKey | undefined): boolean {
    if (key === undefined) return false;
    if (this.points.get(indexNumber)?.has(key)) return true;
    return this.ranges.get(indexNumber)?.some(({ from, to }) => from <= key && key < to) ?? false;
  }
}

/** The part of a range that a scan has looked at when it stopped at this key. */
export function narrow(whole: KeyRange, reached: IndexKey, isDescending: boolean): KeyRange {
  return isDescending ? { from: reached, to: whole.to } : { from: whole.from, to: after(reached) };
}
