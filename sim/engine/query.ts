import { z } from "zod";
import type { Catalog, Index } from "./catalog.js";
import type { StoredDocument } from "./documents.js";
import { evaluate, literal, type Expression } from "./filter.js";
import { after, beyond, keyOf, prefixRange, type IndexKey, type KeyRange } from "./orderedKeys.js";
import { narrow } from "./reads.js";
import { noteIntervals, readNext, type View } from "./transaction.js";

const order = z.enum(["asc", "desc"]).nullish();
/** What the functions' library of convex 1.48 makes of a query. */
export const querySchema = z.object({
  source: z.discriminatedUnion("type", [
    z.object({ type: z.literal("FullTableScan"), tableName: z.string(), order }),
    z.object({
      type: z.literal("IndexRange"),
      indexName: z.string(),
      order,
      range: z.array(
        z.object({ type: z.enum(["Eq", "Gt", "Gte", "Lt", "Lte"]), fieldPath: z.string(), value: z.json() }),
      ),
    }),
    z.object({ type: z.literal("Search"), indexName: z.string() }),
  ]),
  operators: z.array(
    z.union([
      z.object({ filter: z.custom<Expression>((value) => typeof value === "object" && value !== null) }),
      z.object({ limit: z.number() }),
    ]),
  ),
});
export type SerializedQuery = z.output<typeof querySchema>;
type Bound = Extract<SerializedQuery["source"], { type: "IndexRange" }>["range"][number];

/** A query being read, document by document, and what it has looked at so far. */
export class Scan {
  readonly index: Index;
  readonly isDescending: boolean;
  private readonly whole: KeyRange;
  /** What is still to be looked at. */
  private rest: KeyRange;
  private readonly operators: ({ filter: Expression } | { limit: number })[];
  /** Noted in the read set, and widened as the scan goes on. */
  private noted: KeyRange | null = null;
  /** The key of the last document that was looked at. */
  position: IndexKey | null = null;
  looked = 0;
  lookedBytes = 0;
  isDone = false;

  constructor(
    private readonly view: View,
    catalog: Catalog,
    componentPath: string,
    { source, operators }: SerializedQuery,
    /** Begins after this key, ends with that one. */
    part: { after?: IndexKey | null; end?: IndexKey | null } = {},
  ) {
    if (source.type === "Search") throw new Error("Search indexes are not part of this engine.");
    const [tableName = "", indexName = ""] =
      source.type === "FullTableScan" ? [source.tableName, "by_creation_time"] : source.indexName.split(".");
    this.index = catalog.index(catalog.table(componentPath, tableName), indexName);
    this.isDescending = source.order === "desc";
    this.whole = source.type === "FullTableScan" ? prefixRange([]) : rangeOf(this.index, source.range);
    if (part.after) this.whole = this.beginAfter(part.after);
    if (part.end) this.whole = narrow(this.whole, part.end, this.isDescending);
    this.rest = this.whole;
    this.operators = operators.map((operator) => ({ ...operator }));
  }

  /** The next document of the query; null at its end. */
  next(): StoredDocument | null {
    this.note();
    while (!this.isDone) {
      if (this.operators.some((operator) => "limit" in operator && operator.limit <= 0)) break;
      const found = readNext(this.view, this.index, this.rest, this.isDescending);
      if (!found) {
        this.widen(this.whole);
        break;
      }
      this.position = found.key;
      this.looked += 1;
      this.lookedBytes += found.value.bytes;
      this.widen(narrow(this.whole, found.key, this.isDescending));
      this.rest = this.beginAfter(found.key);
      if (this.passes(found.value)) return found.value;
    }
    this.isDone = true;
    return null;
  }

  private passes(document: StoredDocument): boolean {
    for (const operator of this.operators) {
      if ("limit" in operator) {
        if (operator.limit <= 0) return false;
        operator.limit -= 1;
      } else if (evaluate(operator.filter, document.fields) !== true) return false;
    }
    return true;
  }

  private note(): void {
    if (this.noted || !this.view.reads) return;
    const at = this.isDescending ? this.whole.to : this.whole.from;
    this.noted = { from: at, to: at };
    this.view.reads.addRange(this.index.number, this.noted);
    noteIntervals(this.view);
  }

  private widen(range: KeyRange): void {
    if (this.noted) Object.assign(this.noted, range);
  }

  private beginAfter(key: IndexKey): KeyRange {
    return this.isDescending ? { from: this.whole.from, to: key } : { from: after(key), to: this.whole.to };
  }
}

/**
 * The keys between the bounds: equal fields first, then at most one lower and one upper bound of the next field.
 * @throws Error for bounds in another order than the index has.
 */
function rangeOf(index: Index, bounds: readonly Bound[]): KeyRange {
  if (index.fields.length === 0) return idRange(index, bounds);
  const names = index.fields.map((path) => path.join("."));
  const equal = bounds.filter(({ type }) => type === "Eq");
  const open = bounds.filter(({ type }) => type !== "Eq");
  const field = names[equal.length];
  const isInOrder =
    equal.every(({ fieldPath }, at) => fieldPath === names[at]) &&
    open.every(({ fieldPath }) => fieldPath === field) &&
    open.filter(({ type }) => type.startsWith("G")).length <= 1 &&
    open.filter(({ type }) => type.startsWith("L")).length <= 1;
  if (!isInOrder)
    throw new Error(
      `Tried to query index ${index.table.name}.${index.name} with bounds that do not follow its fields ${names.slice(0, -1).join(", ")}: ${bounds.map((bound) => `${bound.type} ${bound.fieldPath}`).join(", ")}`,
    );
  const prefix = keyOf(equal.map(({ value }) => literal(value)));
  const range = { from: prefix, to: beyond(prefix) };
  for (const { type, value } of open) {
    const key = prefix + keyOf([literal(value)]);
    if (type === "Gt") range.from = beyond(key);
    else if (type === "Gte") range.from = key;
    else if (type === "Lt") range.to = key;
    else range.to = beyond(key);
  }
  return range;
}

/** In `by_id` the key is the id as it is. */
function idRange(index: Index, bounds: readonly Bound[]): KeyRange {
  const range = { from: "", to: beyond("") };
  for (const { type, fieldPath, value } of bounds) {
    if (fieldPath !== "_id" || typeof value !== "string")
      throw new Error(`Index ${index.table.name}.by_id has the field _id alone`);
    if (type === "Eq") Object.assign(range, { from: value, to: after(value) });
    else if (type === "Gt") range.from = after(value);
    else if (type === "Gte") range.from = value;
    else if (type === "Lt") range.to = value;
    else range.to = after(value);
  }
  return range;
}
