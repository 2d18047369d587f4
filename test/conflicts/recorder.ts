/**
 * Records the footprint of transactions that run on convex-test, by standing between Convex functions and the calls that
 * they make to the platform (`globalThis.Convex`).
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { jsonToConvex, type Value } from "convex/values";
import { z } from "zod";
import type { Footprint, RangeFilter, ReadRange, StoredDocument } from "./footprint.js";

interface Syscalls {
  syscall: (op: string, jsonArgs: string) => string;
  asyncSyscall: (op: string, jsonArgs: string) => Promise<string>;
  jsSyscall: (op: string, args: Record<string, unknown>) => Promise<unknown>;
}
/** The part of a schema that says which fields an index has. */
export interface IndexedSchema {
  tables: Record<string, { " indexes"(): { indexDescriptor: string; fields: string[] }[] }>;
}

interface Recording {
  schema: IndexedSchema;
  footprint: Footprint;
  queries: Map<number, { range: ReadRange; limit: number; returned: number }>;
}

const zQuery = z.object({
  query: z.object({
    source: z.discriminatedUnion("type", [
      z.object({ type: z.literal("FullTableScan"), tableName: z.string(), order: z.string().nullish() }),
      z.object({
        type: z.literal("IndexRange"),
        indexName: z.string(),
        order: z.string().nullish(),
        range: z.array(
          z.object({
            type: z.enum(["Eq", "Gt", "Gte", "Lt", "Lte"]),
            fieldPath: z.string(),
            value: z.json().optional(),
          }),
        ),
      }),
    ]),
    operators: z.array(z.looseObject({ limit: z.number().optional() })),
  }),
});
/** Calls by id may leave the table out; convex-test's ids are a number and the name of the table. */
const zRow = z.object({ id: z.string() }).transform(({ id }) => ({ table: id.replace(/^\d+/, ""), id }));

const recordings = new AsyncLocalStorage<Recording>();
const staleScope = new AsyncLocalStorage<true>();
let platform: Syscalls | undefined;

/**
 * Runs `transaction` and returns what it read and wrote, also when it rolls back by throwing (then `error` is set). Functions
 * that it schedules are named, and what they do later is not recorded.
 */
export async function recordFootprint<Result>(
  schema: IndexedSchema,
  transaction: () => Promise<Result>,
): Promise<{ footprint: Footprint; result?: Result; error?: unknown }> {
  install();
  const footprint: Footprint = {
    reads: [],
    staleReads: [],
    writes: [],
    documentsRead: 0,
    staleDocumentsRead: 0,
    nestedCalls: 0,
    scheduled: [],
  };
  const recording = { schema, footprint, queries: new Map() };
  try {
    return { footprint, result: await recordings.run(recording, transaction) };
  } catch (error) {
    return { footprint, error };
  }
}

/** Once per process, after the first `convexTest()`, which creates `globalThis.Convex`. */
function install(): void {
  if (platform) return;
  const holder = globalThis as unknown as { Convex: Syscalls };
  const original = holder.Convex;
  platform = original;
  holder.Convex = {
    syscall: (op, jsonArgs) => {
      const answer = original.syscall(op, jsonArgs);
      const recording = recordings.getStore();
      if (recording && op === "1.0/queryStream") openQuery(recording, jsonArgs, answer);
      return answer;
    },
    asyncSyscall: (op, jsonArgs) => {
      const recording = recordings.getStore();
      return recording ? recordCall(recording, original, op, jsonArgs) : original.asyncSyscall(op, jsonArgs);
    },
    jsSyscall: (op, args) => original.jsSyscall(op, args),
  };
}

async function recordCall(
  recording: Recording,
  original: Syscalls,
  op: string,
  jsonArgs: string,
): Promise<string> {
  const { footprint } = recording;
  switch (op) {
    case "1.0/runUdf": {
      const { udfType } = z.object({ udfType: z.string() }).parse(JSON.parse(jsonArgs));
      footprint.nestedCalls += 1;
      const call = () => original.asyncSyscall(op, jsonArgs);
      return udfType === "snapshotQuery" ? await staleScope.run(true, call) : await call();
    }
    case "1.0/schedule": {
      footprint.scheduled.push(z.object({ name: z.string() }).parse(JSON.parse(jsonArgs)).name);
      // The timer would carry this recording into the scheduled function, which is another transaction.
      return await recordings.exit(() => original.asyncSyscall(op, jsonArgs));
    }
    case "1.0/get": {
      const answer = await original.asyncSyscall(op, jsonArgs);
      noteGet(footprint, zRow.parse(JSON.parse(jsonArgs)), documentIn(answer) !== null);
      return answer;
    }
    case "1.0/queryStreamNext": {
      const answer = await original.asyncSyscall(op, jsonArgs);
      noteNext(recording, jsonArgs, answer);
      return answer;
    }
    case "1.0/queryPage":
      throw new Error("The recorder does not know .paginate(); components must not use it");
    case "1.0/insert": {
      const answer = await original.asyncSyscall(op, jsonArgs);
      const { table } = z.object({ table: z.string() }).parse(JSON.parse(jsonArgs));
      const { _id: id } = z.object({ _id: z.string() }).parse(JSON.parse(answer));
      footprint.writes.push({ table, id, before: null, after: await look(original, { table, id }) });
      return answer;
    }
    case "1.0/shallowMerge":
    case "1.0/replace":
    case "1.0/remove": {
      const row = zRow.parse(JSON.parse(jsonArgs));
      const before = await look(original, row);
      noteGet(footprint, row, before !== null);
      const answer = await original.asyncSyscall(op, jsonArgs);
      footprint.writes.push({ ...row, before, after: await look(original, row) });
      return answer;
    }
    default:
      return await original.asyncSyscall(op, jsonArgs);
  }
}

/** The document as the transaction sees it, unrecorded. */
const look = async (original: Syscalls, row: { table: string; id: string }) =>
  documentIn(await original.asyncSyscall("1.0/get", JSON.stringify(row)));

const documentIn = (json: string): StoredDocument | null => {
  const value = parseValue(json);
  return typeof value === "object" ? (value as StoredDocument | null) : null;
};

const parseValue = (json: string): Value => jsonToConvex(z.json().parse(JSON.parse(json)));

function noteGet(footprint: Footprint, { table, id }: { table: string; id: string }, found: boolean): void {
  const range: ReadRange = {
    table,
    index: "by_id",
    fields: ["_id"],
    filters: [{ type: "Eq", fieldPath: "_id", value: id }],
    order: "asc",
    last: null,
  };
  noteRange(footprint, range);
  if (found) noteDocument(footprint);
}

function noteRange(footprint: Footprint, range: ReadRange): void {
  (staleScope.getStore() ? footprint.staleReads : footprint.reads).push(range);
}

function noteDocument(footprint: Footprint): void {
  footprint.documentsRead += 1;
  if (staleScope.getStore()) footprint.staleDocumentsRead += 1;
}

function openQuery({ schema, footprint, queries }: Recording, jsonArgs: string, answer: string): void {
  const { source, operators } = zQuery.parse(JSON.parse(jsonArgs)).query;
  const { queryId } = z.object({ queryId: z.number() }).parse(JSON.parse(answer));
  const [table = "", index = ""] =
    source.type === "IndexRange" ? source.indexName.split(".") : [source.tableName, "by_creation_time"];
  const range: ReadRange = {
    table,
    index,
    fields: fieldsOf(schema, table, index),
    filters: source.type === "IndexRange" ? source.range.map(toFilter) : [],
    order: source.order === "desc" ? "desc" : "asc",
    last: null,
  };
  noteRange(footprint, range);
  const limit = Math.min(...operators.map((operator) => operator.limit ?? Infinity));
  queries.set(queryId, { range, limit, returned: 0 });
}

const toFilter = ({
  type,
  fieldPath,
  value,
}: {
  type: RangeFilter["type"];
  fieldPath: string;
  value?: unknown;
}): RangeFilter => ({
  type,
  fieldPath,
  // The client writes an `undefined` bound as {"$undefined": null}.
  value: value === undefined || isUndefinedBound(value) ? undefined : jsonToConvex(z.json().parse(value)),
});

const isUndefinedBound = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "$undefined" in value;

function noteNext({ footprint, queries }: Recording, jsonArgs: string, answer: string): void {
  const { queryId } = z.object({ queryId: z.number() }).parse(JSON.parse(jsonArgs));
  const { value, done } = z.object({ value: z.json(), done: z.boolean() }).parse(JSON.parse(answer));
  const query = queries.get(queryId);
  if (!query) throw new Error("A query was read that the recorder did not see opened");
  if (!done) {
    query.range.last = jsonToConvex(value) as StoredDocument;
    query.returned += 1;
    noteDocument(footprint);
  } else if (query.returned < query.limit) {
    query.range.last = null;
  }
}

function fieldsOf(schema: IndexedSchema, table: string, index: string): string[] {
  if (index === "by_id") return ["_id"];
  if (index === "by_creation_time") return ["_creationTime", "_id"];
  const found = schema.tables[table]?.[" indexes"]().find(({ indexDescriptor }) => indexDescriptor === index);
  if (!found) throw new Error(`The schema has no index ${table}.${index}`);
  return [...found.fields, "_creationTime", "_id"];
}
