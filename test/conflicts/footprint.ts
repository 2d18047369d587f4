/**
 * What one transaction read and wrote, and Convex's rule for when that makes another transaction start again.
 *
 * A query's read set is the part of its index range that was really looked at: up to the last document returned, or the
 * whole range when it was read to its end. Reads on a stale snapshot are no part of it.
 */
import { compareValues, type Value } from "convex/values";

/** A document; `undefined` fields are absent and sort before `null`. */
export type StoredDocument = Readonly<Record<string, Value | undefined>>;

export interface RangeFilter {
  type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte";
  fieldPath: string;
  value: Value | undefined;
}

/** A part of one index (a get by id is the one key of `by_id`). */
export interface ReadRange {
  table: string;
  index: string;
  /** The fields of the index, `_creationTime` and `_id` included. */
  fields: readonly string[];
  filters: readonly RangeFilter[];
  order: "asc" | "desc";
  /** The last document returned, when the range was not read to its end. Null: it was. */
  last: StoredDocument | null;
}

/** `before` null: inserted; `after` null: deleted. */
interface DocumentWrite {
  table: string;
  id: string;
  before: StoredDocument | null;
  after: StoredDocument | null;
}

export interface Footprint {
  /** What the transaction depends on. */
  reads: ReadRange[];
  /** What it looked at on a stale snapshot: no dependency. */
  staleReads: ReadRange[];
  writes: DocumentWrite[];
  /** Documents returned to it; a patch or delete reads its document. */
  documentsRead: number;
  /** Of these, on a stale snapshot. */
  staleDocumentsRead: number;
  /** Queries and mutations that it called, on whatever snapshot. */
  nestedCalls: number;
  /** Names of the functions it scheduled. */
  scheduled: string[];
}

/** A write of the first transaction that lies in a range that the second has read. */
export interface Conflict {
  read: ReadRange;
  write: DocumentWrite;
}

/**
 * Why `second`, begun on the same snapshot as `first`, is retried when `first` commits before it; empty when it is not.
 * An index key that leaves a range counts as much as one that enters it.
 */
export function conflicts(first: Footprint, second: Footprint): Conflict[] {
  return first.writes.flatMap((write) =>
    second.reads.filter((read) => touches(write, read)).map((read) => ({ read, write })),
  );
}

/** One line per cause, for test failures. */
export const describeConflicts = (found: readonly Conflict[]): string[] => [
  ...new Set(found.map(({ read, write }) => `${write.table} ${write.id} in ${read.table}.${read.index}`)),
];

function touches(write: DocumentWrite, read: ReadRange): boolean {
  if (write.table !== read.table) return false;
  return [write.before, write.after].some((document) => document !== null && contains(read, document));
}

/** Whether the document's key lies in the part of the index that was read. */
function contains(read: ReadRange, document: StoredDocument): boolean {
  if (!read.filters.every((filter) => passes(document, filter))) return false;
  if (read.last === null) return true;
  const distance = compareKeys(read.fields, document, read.last);
  return read.order === "asc" ? distance <= 0 : distance >= 0;
}

function passes(document: StoredDocument, { type, fieldPath, value }: RangeFilter): boolean {
  const distance = compareValues(fieldOf(document, fieldPath), value);
  switch (type) {
    case "Eq":
      return distance === 0;
    case "Gt":
      return distance > 0;
    case "Gte":
      return distance >= 0;
    case "Lt":
      return distance < 0;
    case "Lte":
      return distance <= 0;
  }
}

function compareKeys(fields: readonly string[], left: StoredDocument, right: StoredDocument): number {
  for (const field of fields) {
    const distance = compareValues(fieldOf(left, field), fieldOf(right, field));
    if (distance !== 0) return distance;
  }
  return 0;
}

function fieldOf(document: StoredDocument, path: string): Value | undefined {
  let value: Value | undefined = document;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof ArrayBuffer)
      return undefined;
    value = (value as Record<string, Value | undefined>)[name];
  }
  return value;
}
