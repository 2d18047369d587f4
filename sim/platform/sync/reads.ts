import { z } from "zod";

/** Fields of each index by component path and `table.index`. */
export type IndexFields = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** A write of a function that may still be rolled back. */
export interface Write {
  componentPath: string;
  table: string;
  /** Absent for an insert. */
  id?: string;
  /** The document (insert, replace) or the fields that change (patch); absent for a deletion. */
  fields?: Readonly<Record<string, unknown>>;
  /** Fields that are not named keep their values. */
  partial: boolean;
}

const boundSchema = z.object({ type: z.string(), fieldPath: z.string(), value: z.unknown() });
const querySchema = z.object({
  source: z.discriminatedUnion("type", [
    z.object({ type: z.literal("FullTableScan"), tableName: z.string() }),
    z.object({ type: z.literal("IndexRange"), indexName: z.string(), range: z.array(boundSchema) }),
    z.object({ type: z.literal("Search"), indexName: z.string() }),
  ]),
  operators: z.array(z.record(z.string(), z.unknown())),
});
const pageSchema = z.object({ page: z.array(z.unknown()) });
const documentSchema = z.object({ _id: z.string() });

interface Range {
  /** Values that every document of the range has, as JSON by field path. */
  equal: Map<string, string>;
  /** Fields that decide whether and where a document is in the range; null: any might. */
  decisive: readonly string[] | null;
}

const UNDEFINED = JSON.stringify({ $undefined: null });

/**
 * What one run of a query depended on: documents it saw, and ranges in which a new or moved document would have been seen.
 * A write outside of both cannot change the result. It errs towards running again.
 */
export class ReadSet {
  private readonly documents = new Set<string>();
  private readonly ranges = new Map<string, Range[]>();
  private unpredictable = false;

  constructor(private readonly indexFields: IndexFields) {}

  /** Reads of system tables and files change without a write that is seen here: run again after anything. */
  noteUnpredictable(): void {
    this.unpredictable = true;
  }

  noteDocument(componentPath: string, value: unknown): void {
    const document = documentSchema.safeParse(value);
    if (document.success) this.noteId(componentPath, document.data._id);
  }

  noteId(componentPath: string, id: string): void {
    this.documents.add(`${componentPath}\n${id}`);
  }

  notePage(componentPath: string, value: unknown): void {
    for (const document of pageSchema.parse(value).page) this.noteDocument(componentPath, document);
  }

  /** @param query as the syscalls `queryStream` and `queryPage` carry it. */
  noteQuery(componentPath: string, query: unknown): void {
    const { source, operators } = querySchema.parse(query);
    const [table = ""] = "tableName" in source ? [source.tableName] : source.indexName.split(".");
    if (table.startsWith("_")) return this.noteUnpredictable();
    const equal = new Map<string, string>();
    if (source.type === "IndexRange")
      for (const { type, fieldPath, value } of source.range)
        if (type === "Eq") equal.set(fieldPath, JSON.stringify(value));
    const filtered = operators.some((operator) => "filter" in operator);
    const indexName = source.type === "IndexRange" ? source.indexName : "";
    const decisive =
      filtered || source.type === "Search"
        ? null
        : source.type === "FullTableScan" || /\.by_(creation_time|id)$/.test(indexName)
          ? []
          : (this.indexFields.get(componentPath)?.get(indexName) ?? null);
    const key = `${componentPath}\n${table}`;
    this.ranges.set(key, [...(this.ranges.get(key) ?? []), { equal, decisive }]);
  }

  /** Whether the query might answer something else after this write. */
  dependsOn({ componentPath, table, id, fields, partial }: Write): boolean {
    if (this.unpredictable) return true;
    if (id !== undefined && this.documents.has(`${componentPath}\n${id}`)) return true;
    // A document that was not seen cannot be missed.
    if (fields === undefined) return false;
    const ranges = this.ranges.get(`${componentPath}\n${table}`) ?? [];
    return ranges.some(({ equal, decisive }) => {
      if (partial && decisive !== null && !decisive.some((path) => topLevel(path) in fields)) return false;
      return [...equal].every(([path, value]) => mayEqual(fields, path, value, partial));
    });
  }
}

const topLevel = (path: string): string => path.split(".")[0] ?? path;

function mayEqual(
  fields: Readonly<Record<string, unknown>>,
  path: string,
  value: string,
  partial: boolean,
): boolean {
  // Fields that the platform sets, and those that the write leaves as they are.
  if (path.startsWith("_") || (partial && !(topLevel(path) in fields))) return true;
  let found: unknown = fields;
  for (const part of path.split("."))
    found =
      typeof found === "object" && found !== null ? (found as Record<string, unknown>)[part] : undefined;
  const written = found === undefined ? UNDEFINED : JSON.stringify(found);
  // A commit timestamp is not known yet.
  return written === value || written.includes("$commitTs");
}
