import { jsonToConvex, type JSONValue } from "convex/values";
import { SCHEDULED, type Index, type Table } from "./catalog.js";
import { indexWrites, storedDocument, type DocumentWrite, type StoredDocument } from "./documents.js";
import { newId } from "./ids.js";
import { runTimePricesUs, valueLimits, type Usage } from "./limits.js";
import type { KeyRange } from "./orderedKeys.js";
import { ReadSet } from "./reads.js";
import { applyWrites, type Roots, type Snapshot, type Store } from "./store.js";
import { emptyTree, first, get, last, type Entry, type Tree } from "./tree.js";
import { explain } from "./validators.js";
import { checkedSize, type Fields } from "./values.js";

/** What a function sees of the database. */
export interface View {
  readonly snapshot: Snapshot;
  readonly roots: Roots;
  readonly usage: Usage;
  /** Where it notes what it looks at; null on a stale snapshot, on which nothing depends. */
  readonly reads: ReadSet | null;
}

/** A function that a transaction wants to be run once it is committed. */
export interface NewJob {
  id: string;
  componentPath: string;
  /** Where the function is, which may be another component. */
  target: { componentPath: string; udfPath: string };
  argsJson: string;
  /** Epoch ms. */
  at: number;
}

export function readDocument(view: View, table: Table, id: string): StoredDocument | null {
  if (view.reads) {
    view.reads.addPoint(table.byId.number, id);
    noteIntervals(view);
  }
  const found = get<StoredDocument>(treeOf(view, table.byId), id) ?? null;
  if (found) chargeRead(view, found);
  return found;
}

/** The next document of an index in a direction. */
export function readNext(
  view: View,
  index: Index,
  range: KeyRange,
  isDescending: boolean,
): Entry<StoredDocument> | null {
  const tree = treeOf(view, index);
  const found = isDescending ? last(tree, range) : first(tree, range);
  if (found) chargeRead(view, found.value);
  return found;
}

export function noteIntervals({ usage, reads }: View): void {
  if (reads) usage.add("databaseQueries", reads.size - usage.used.databaseQueries);
}

export const treeOf = (view: View, index: Index): Tree<StoredDocument> =>
  view.roots[index.number] ?? emptyTree;

function chargeRead({ usage }: View, { bytes }: StoredDocument): void {
  usage.add("documentsRead", 1);
  usage.add("bytesRead", bytes);
  usage.spend(runTimePricesUs.document + (bytes / 1_024) * runTimePricesUs.kibibyte);
}

/** One attempt of a query or mutation: a snapshot, what it reads of it, and what it would change. */
export class Transaction implements View {
  readonly jobs: NewJob[] = [];
  private readonly writes: DocumentWrite[] = [];
  private own: (Tree<StoredDocument> | undefined)[] | null = null;
  /** A savepoint holds the present array. */
  private isShared = false;

  constructor(
    readonly snapshot: Snapshot,
    readonly usage: Usage,
    private readonly environment: {
      /** A creation time after all that were given before. */
      nextCreationTime: () => number;
      random: () => number;
    },
    readonly reads = new ReadSet(),
  ) {}

  get roots(): Roots {
    return this.own ?? this.snapshot.roots;
  }

  get hasWrites(): boolean {
    return this.writes.length > 0;
  }

  /** @throws Error when the document is not what the schema asks for or is too large. */
  insert(store: Store, table: Table, fields: Fields): string {
    const id = newId(table.number, this.environment.random);
    const full = { ...fields, _id: id, _creationTime: this.environment.nextCreationTime() };
    this.write({ table, id, before: null, after: this.checked(store, table, id, full) });
    return id;
  }

  /**
   * Changes the document to what `change` makes of it; null deletes it.
   * @throws Error when it does not exist.
   */
  update(
    store: Store,
    table: Table,
    id: string,
    change: (before: Fields) => Fields | null,
    what: string,
  ): void {
    const before = readDocument(this, table, id);
    if (!before) throw new Error(`${what} on nonexistent document ID ${id}`);
    const fields = change(before.fields);
    this.write({ table, id, before, after: fields && this.checked(store, table, id, fields) });
  }

  /** Writes a row of a system table, which no limit and no schema concerns. */
  writeSystem(table: Table, id: string, fields: Fields | null): void {
    const before = get<StoredDocument>(treeOf(this, table.byId), id) ?? null;
    this.reads.addPoint(table.byId.number, id);
    if (!before && !fields) return;
    this.put({ table, id, before, after: fields && storedDocument(id, fields, 0) });
  }

  /** Adds a row to a system table. @returns its id. */
  insertSystem(table: Table, fields: Fields): string {
    const id = newId(table.number, this.environment.random);
    const full = { ...fields, _id: id, _creationTime: this.environment.nextCreationTime() };
    this.put({ table, id, before: null, after: storedDocument(id, full, 0) });
    return id;
  }

  schedule(store: Store, job: Omit<NewJob, "id">): string {
    const bytes = job.argsJson.length;
    this.usage.add("functionsScheduled", 1);
    this.usage.add("scheduledFunctionArgsBytes", bytes);
    const [modulePath = "", name = ""] = job.target.udfPath.split(":");
    const id = this.insertSystem(store.catalog.table(job.componentPath, SCHEDULED), {
      name: `${modulePath}.js:${name}`,
      args: [jsonToConvex(JSON.parse(job.argsJson) as JSONValue)],
      scheduledTime: job.at,
      state: { kind: "pending" },
    });
    this.jobs.push({ ...job, id });
    return id;
  }

  /** Takes back all writes and jobs from here on; what was read and used stays read and used. */
  savepoint(): () => void {
    const { own, writes, jobs } = this;
    const [writesBefore, jobsBefore] = [writes.length, jobs.length];
    this.isShared = true;
    return () => {
      this.own = own;
      this.isShared = true;
      writes.length = writesBefore;
      jobs.length = jobsBefore;
    };
  }

  /** One write for each document, however often it was written. */
  netWrites(): DocumentWrite[] {
    const net = new Map<string, DocumentWrite>();
    for (const write of this.writes) {
      const earlier = net.get(write.id);
      net.set(write.id, earlier ? { ...write, before: earlier.before } : write);
    }
    return [...net.values()].filter(({ before, after }) => before || after);
  }

  private checked(store: Store, table: Table, id: string, fields: Fields): StoredDocument {
    const refusal = store.catalog.refusal(table, fields);
    if (refusal)
      throw new Error(
        `Failed to insert or update a document in table "${table.name}" because it does not match the schema: ${explain(refusal)}`,
      );
    const { documentDepth, documentBytes } = valueLimits;
    return storedDocument(id, fields, checkedSize(fields, documentDepth, documentBytes, "Value"));
  }

  private write(write: DocumentWrite): void {
    const bytes = (write.after ?? write.before)?.bytes ?? 0;
    this.usage.add("documentsWritten", 1);
    this.usage.add("bytesWritten", bytes);
    this.usage.spend(runTimePricesUs.document + (bytes / 1_024) * runTimePricesUs.kibibyte);
    noteIntervals(this);
    this.put(write);
  }

  private put(write: DocumentWrite): void {
    this.writes.push(write);
    if (!this.own || this.isShared) this.own = [...this.roots];
    this.isShared = false;
    applyWrites(this.own, indexWrites(write), write.after);
  }
}
