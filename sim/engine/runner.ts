import { ActionFrame } from "./actionFrame.js";
import type { Catalog } from "./catalog.js";
import { TooManyWrites, WriteConflict } from "./errors.js";
import type { FileUrls, Files } from "./files.js";
import { inFrame, outsideFrames } from "./frames.js";
import { displayName, type FunctionRegistry, type Target } from "./functions.js";
import { invoke } from "./invoke.js";
import { Usage, type TransactionLimits } from "./limits.js";
import type { Pace } from "./pace.js";
import type { ReadSet } from "./reads.js";
import type { Runtime } from "./runtime.js";
import type { FunctionStatistics, Statistics } from "./statistics.js";
import { tsToJson, type Conflict, type Snapshot, type Store } from "./store.js";
import { Transaction, type NewJob } from "./transaction.js";
import { TransactionFrame } from "./transactionFrame.js";
import { withCommitTs } from "./values.js";
import type { WriteRate } from "./writeRate.js";

/** A mutation that a client or an action calls is run up to five times (crates/common/src/knobs.rs: 4 retries). */
const MAX_RETRIES = 4;
const INITIAL_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;
const MAX_JOB_BACKOFF_MS = 60_000;
/** The writer of what the platform itself commits. */
const SYSTEM = "_system";

/** How a query or mutation ended. */
export interface Outcome {
  json: string;
  /** Nanoseconds: of the commit, or of the snapshot when nothing was written. */
  ts: bigint;
}
type Attempt = Outcome | { conflict: Conflict };

/** A scheduled mutation: repeated without end, and marked as done by its own transaction. */
export interface JobRun {
  /** Whether it is still to be run. */
  isDue(tx: Transaction): boolean;
  succeed(tx: Transaction): void;
}

/** What a run may be given. */
export interface RunOptions {
  job?: JobRun;
  /** Default: the newest. Of queries only. */
  snapshot?: Snapshot | undefined;
  /** Notes there what a query has read, also when it throws. */
  reads?: ReadSet | undefined;
}

export interface RunnerParts {
  catalog: Catalog;
  store: Store;
  registry: FunctionRegistry;
  pace: Pace;
  files: Files;
  urls: FileUrls;
  limits: TransactionLimits;
  statistics: Statistics;
  writeRate: WriteRate;
  maxRunTimeMs: number;
  transactionMs: number;
  nestedCallMs: number;
  log: (line: string) => void;
  /** Takes over what a committed transaction has scheduled. */
  arm: (jobs: readonly NewJob[]) => void;
}

/** Runs functions: transactions that overlap, meet, and start again; actions around them. */
export class Runner implements Runtime {
  readonly catalog: Catalog;
  readonly store: Store;
  readonly registry: FunctionRegistry;
  readonly pace: Pace;
  readonly files: Files;
  readonly urls: FileUrls;
  readonly limits: TransactionLimits;
  private lastCreationTime = 0;

  constructor(private readonly parts: RunnerParts) {
    ({ catalog: this.catalog, store: this.store, registry: this.registry, pace: this.pace } = parts);
    ({ files: this.files, urls: this.urls, limits: this.limits } = parts);
  }

  newUsage(): Usage {
    return new Usage(this.limits, this.parts.maxRunTimeMs);
  }

  log(line: string): void {
    this.parts.log(line);
  }

  async run(target: Target, argsJson: string): Promise<string> {
    if (target.type === "action") return this.action(target, argsJson);
    return (await this.transaction(target, argsJson)).json;
  }

  /** @throws what the function throws, WriteConflict, TooManyWrites. */
  transaction(target: Target, argsJson: string, options: RunOptions = {}): Promise<Outcome> {
    return outsideFrames(async () => {
      const name = displayName(target);
      const entry = this.parts.statistics.call(name, target.type);
      try {
        return await this.attempts(target, argsJson, entry, options);
      } catch (error) {
        entry.errors += 1;
        if (error instanceof WriteConflict) entry.conflictErrors += 1;
        if (error instanceof TooManyWrites) entry.tooManyWrites += 1;
        throw error;
      }
    });
  }

  action(target: Target, argsJson: string): Promise<string> {
    return this.counted(target, () => invoke(this.catalog, new ActionFrame(this, target), target, argsJson));
  }

  /** Answers by the component's `http.ts`; null when it has no such route. */
  async http(componentPath: string, pathname: string, request: Request): Promise<Response | null> {
    const handler = await this.registry.route(componentPath, pathname, request.method);
    if (!handler) return null;
    const udfPath = `${request.method} ${pathname}`;
    const target = { componentPath, udfPath, env: this.registry.envOf(componentPath) };
    const frame = new ActionFrame(this, target);
    return outsideFrames(() => inFrame(frame, () => handler.invokeHttpAction(request)));
  }

  system<T>(body: (tx: Transaction) => T): T {
    const usage = new Usage(this.limits, Infinity);
    const tx = new Transaction(this.store.latest, usage, this.environment);
    const result = body(tx);
    if (tx.hasWrites) this.commit(tx, SYSTEM);
    return result;
  }

  private counted<T>(target: Target, body: () => Promise<T>): Promise<T> {
    const entry = this.parts.statistics.call(displayName(target), target.type);
    entry.attempts += 1;
    entry.worstAttempts = 1;
    return outsideFrames(body).catch((error: unknown) => {
      entry.errors += 1;
      throw error;
    });
  }

  private async attempts(
    target: Target,
    argsJson: string,
    entry: FunctionStatistics,
    options: RunOptions,
  ): Promise<Outcome> {
    const { job } = options;
    const name = displayName(target);
    for (let failures = 0; ; failures += 1) {
      entry.attempts += 1;
      entry.worstAttempts = Math.max(entry.worstAttempts, failures + 1);
      const attempt = await this.attempt(target, argsJson, options).catch((error: unknown) => {
        // What is scheduled is not lost because the deployment is busy.
        if (job && error instanceof TooManyWrites) return null;
        throw error;
      });
      if (attempt && !("conflict" in attempt)) return attempt;
      if (attempt) {
        const { commit, write } = attempt.conflict;
        const index = this.catalog.indexAt(write.indexNumber);
        const place = index.table.componentPath === "" ? "" : `${index.table.componentPath}/`;
        this.parts.statistics.conflict(name, commit.writer, `${place}${index.table.name}.${index.name}`);
        if (!job && failures >= MAX_RETRIES) throw this.conflictError(attempt.conflict, name);
      }
      const longest = Math.min(INITIAL_BACKOFF_MS * 2 ** failures, job ? MAX_JOB_BACKOFF_MS : MAX_BACKOFF_MS);
      await this.pace.backOff(longest * this.pace.random());
    }
  }

  /** Runs the function once on a snapshot, and commits unless somebody wrote what it has read since. */
  private async attempt(
    target: Target,
    argsJson: string,
    { job, snapshot: given, reads }: RunOptions,
  ): Promise<Attempt> {
    await this.pace.begin();
    const snapshot = given ?? this.store.begin();
    const calls = { nested: 0 };
    const tx = new Transaction(snapshot, this.newUsage(), this.environment, reads);
    const frozenNow = Math.floor(this.pace.now());
    const frame = new TransactionFrame(
      this,
      target,
      tx,
      target.type === "mutation" ? tx : null,
      frozenNow,
      calls,
    );
    const takesMs = () => this.parts.transactionMs + calls.nested * this.parts.nestedCallMs;
    try {
      const isDue = job?.isDue(tx) ?? true;
      const json = isDue ? await this.invoke(frame, target, argsJson, tx, takesMs) : "null";
      if (!isDue) await this.pace.beforeCommit(0);
      job?.succeed(tx);
      if (!tx.hasWrites) return { json, ts: snapshot.ts };
      const conflict = this.store.conflict(tx.reads, snapshot);
      if (conflict) return { conflict };
      const ts = this.commit(tx, displayName(target));
      return { json: withCommitTs(json, tsToJson(ts)), ts };
    } finally {
      if (!given) this.store.end(snapshot);
    }
  }

  private async invoke(
    frame: TransactionFrame,
    target: Target,
    argsJson: string,
    tx: Transaction,
    takesMs: () => number,
  ): Promise<string> {
    try {
      const json = await invoke(this.catalog, frame, target, argsJson);
      tx.usage.assertNotTimedOut();
      return json;
    } finally {
      frame.finish();
      await this.pace.beforeCommit(takesMs());
    }
  }

  private commit(tx: Transaction, writer: string): bigint {
    const writes = tx.netWrites();
    if (writer !== SYSTEM)
      this.parts.writeRate.admit(writes.reduce((sum, { after }) => sum + (after?.bytes ?? 0), 0));
    const { ts } = this.store.commit(writes, writer, tx.snapshot);
    this.parts.arm(tx.jobs);
    return ts;
  }

  private conflictError({ commit, write, documentId }: Conflict, name: string): WriteConflict {
    const who = commit.writer === name ? "Another call to this mutation" : `A call to "${commit.writer}"`;
    const { table } = this.catalog.indexAt(write.indexNumber);
    return new WriteConflict(table.name, `${who} changed the document with ID "${documentId}"`);
  }

  private readonly environment = {
    random: (): number => this.pace.random(),
    /** Rows of one transaction keep their order, and those of a later one come after. */
    nextCreationTime: (): number => {
      this.lastCreationTime = Math.max(this.pace.now(), this.lastCreationTime + 1 / 4_096);
      return this.lastCreationTime;
    },
  };
}
