import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import type { Index, Table } from "./catalog.js";
import { keyOf, type IndexKey } from "./orderedKeys.js";
import type { IndexWrite } from "./reads.js";
import { hasPlaceholder, withCommitTs, type Fields } from "./values.js";

/** One version of a document; never changed. */
export interface StoredDocument {
  readonly id: string;
  readonly fields: Fields;
  /** As the functions' own library reads and writes it. */
  readonly json: string;
  readonly bytes: number;
  /** A field waits for the commit timestamp. */
  readonly isPending: boolean;
}

export function storedDocument(id: string, fields: Fields, bytes: number): StoredDocument {
  const json = JSON.stringify(convexToJson(fields));
  return { id, fields, json, bytes, isPending: hasPlaceholder(json) };
}

/** With the commit timestamp in all places that wait for it. */
export function resolved(document: StoredDocument, tsJson: string): StoredDocument {
  if (!document.isPending) return document;
  const json = withCommitTs(document.json, tsJson);
  const fields = jsonToConvex(JSON.parse(json) as JSONValue) as Fields;
  return { ...document, json, fields, isPending: false };
}

/** Where a document stands in an index. */
function indexKey(index: Index, document: StoredDocument): IndexKey {
  if (index.fields.length === 0) return document.id;
  return keyOf(index.fields.map((path) => valueAt(document.fields, path)));
}

export function valueAt(fields: Fields, path: readonly string[]): Value | undefined {
  let found: unknown = fields;
  for (const name of path)
    found =
      typeof found === "object" && found !== null && !Array.isArray(found) && Object.hasOwn(found, name)
        ? (found as Fields)[name]
        : undefined;
  return found as Value | undefined;
}

/** A document's change; `before` or `after` is null when it was not there, or is no longer. */
export interface DocumentWrite {
  readonly table: Table;
  readonly id: string;
  readonly before: StoredDocument | null;
  readonly after: StoredDocument | null;
}

export function indexWrites({ table, before, after }: DocumentWrite): IndexWrite[] {
  return [...table.indexes.values()].map((index) => ({
    indexNumber: index.number,
    oldKey: before ? indexKey(index, before) : undefined,
    newKey: after ? indexKey(index, after) : undefined,
  }));
}
