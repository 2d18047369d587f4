import type { Catalog } from "./catalog.js";
import { indexWrites, resolved, type DocumentWrite, type StoredDocument } from "./documents.js";
import type { IndexWrite, ReadSet } from "./reads.js";
import { emptyTree, remove, set, type Tree } from "./tree.js";

/** The trees of all indexes by their numbers; an absent one is empty. */
export type Roots = readonly (Tree<StoredDocument> | undefined)[];

/** The database at one moment. */
export interface Snapshot {
  /** Nanoseconds since the epoch of the last commit that it contains. */
  readonly ts: bigint;
  readonly roots: Roots;
}

export interface Commit {
  readonly ts: bigint;
  /** The time of the snapshot that its transaction worked on. */
  readonly since: bigint;
  /** The function that wrote, as statistics name it. */
  readonly writer: string;
  readonly writes: readonly DocumentWrite[];
  readonly indexWrites: readonly IndexWrite[];
}

/** Why a transaction has to start again. */
export interface Conflict {
  readonly commit: Commit;
  readonly write: IndexWrite;
  readonly documentId: string;
}

/** The committed state: one snapshot after another, and what lies between those that somebody still works on. */
export class Store {
  private head: Snapshot = { ts: 0n, roots: [] };
  private log: Commit[] = [];
  /** How many transactions work on a snapshot, by its time; the oldest comes first. */
  private readonly open = new Map<bigint, number>();
  private readonly listeners = new Set<(commit: Commit) => void>();

  constructor(
    readonly catalog: Catalog,
    private readonly now: () => number,
  ) {}

  get latest(): Snapshot {
    return this.head;
  }

  /** A snapshot to work on; {@link end} gives it back. */
  begin(): Snapshot {
    const { ts } = this.head;
    this.open.set(ts, (this.open.get(ts) ?? 0) + 1);
    return this.head;
  }

  end({ ts }: Snapshot): void {
    const others = (this.open.get(ts) ?? 0) - 1;
    if (others > 0) this.open.set(ts, others);
    else this.open.delete(ts);
  }

  /** What was committed since the snapshot into the part of the database that was read. */
  conflict(reads: ReadSet, since: Snapshot): Conflict | null {
    for (let at = this.log.length - 1; at >= 0; at -= 1) {
      const commit = this.log[at]!;
      if (commit.ts <= since.ts) return null;
      const write = reads.firstTouched(commit.indexWrites);
      if (write) return { commit, write, documentId: this.writtenBy(commit, write) };
    }
    return null;
  }

  /** Makes the writes the newest state. Whoever calls has made sure that nothing conflicts. */
  commit(writes: readonly DocumentWrite[], writer: string, { ts: since }: Snapshot): Commit {
    const clock = BigInt(Math.floor(this.now())) * 1_000_000n;
    const ts = clock > this.head.ts ? clock : this.head.ts + 1n;
    const tsJson = tsToJson(ts);
    const final = writes.map((write) =>
      write.after?.isPending ? { ...write, after: resolved(write.after, tsJson) } : write,
    );
    const roots = [...this.head.roots];
    const changes: IndexWrite[] = [];
    for (const write of final) {
      const own = indexWrites(write);
      changes.push(...own);
      applyWrites(roots, own, write.after);
    }
    const commit: Commit = { ts, since, writer, writes: final, indexWrites: changes };
    this.head = { ts, roots };
    this.log.push(commit);
    this.forget();
    for (const listener of this.listeners) listener(commit);
    return commit;
  }

  /** Continues after this time, which a client has seen of an earlier deployment. */
  advancePast(ts: bigint): void {
    if (ts > this.head.ts) this.head = { ...this.head, ts };
  }

  /** Hears every commit at once, before anything else runs. @returns how to stop. */
  onCommit(listener: (commit: Commit) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private writtenBy(commit: Commit, { indexNumber, oldKey, newKey }: IndexWrite): string {
    const { table } = this.catalog.indexAt(indexNumber);
    const found = commit.writes.find(
      (write) =>
        write.table === table &&
        indexWrites(write).some(
          (one) => one.indexNumber === indexNumber && one.oldKey === oldKey && one.newKey === newKey,
        ),
    );
    return found?.id ?? "";
  }

  /** Drops commits that every open snapshot contains. */
  private forget(): void {
    const [oldest = this.head.ts] = this.open.keys();
    let known = 0;
    while (known < this.log.length && this.log[known]!.ts <= oldest) known += 1;
    if (known > 0) this.log = this.log.slice(known);
  }
}

/** Puts one document's change into the trees. */
export function applyWrites(
  roots: (Tree<StoredDocument> | undefined)[],
  writes: readonly IndexWrite[],
  after: StoredDocument | null,
): void {
  for (const { indexNumber, oldKey, newKey } of writes) {
    let tree: Tree<StoredDocument> = roots[indexNumber] ?? emptyTree;
    if (oldKey !== undefined && oldKey !== newKey) tree = remove(tree, oldKey);
    if (newKey !== undefined && after) tree = set(tree, newKey, after);
    roots[indexNumber] = tree;
  }
}

/** A timestamp as Convex writes an int64. */
export function tsToJson(ts: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(ts);
  return `{"$integer":"${bytes.toString("base64")}"}`;
}
