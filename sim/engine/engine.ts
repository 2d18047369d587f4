import { runAs } from "./identity.js";
import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { Catalog, STORAGE } from "./catalog.js";
import { CallRefused } from "./errors.js";
import { Files, type FileUrls } from "./files.js";
import {
  FunctionRegistry,
  type ComponentSource,
  type FunctionPath,
  type FunctionType,
  type Target,
} from "./functions.js";
import { installGlobals } from "./globals.js";
import { assertType } from "./invoke.js";
import { MAX_RUN_TIME_MS, transactionLimits, type TransactionLimits } from "./limits.js";
import { realPace, type Pace } from "./pace.js";
import type { ReadSet } from "./reads.js";
import { Runner } from "./runner.js";
import { Scheduler } from "./scheduler.js";
import { Statistics, type EngineStatistics } from "./statistics.js";
import { Store, type Commit, type Snapshot } from "./store.js";
import { values } from "./tree.js";
import { WriteRate } from "./writeRate.js";

/** How an engine behaves; all of it may be left out. */
export interface EngineSettings {
  /** What a query or mutation takes between its snapshot and its commit, in ms. Default 0: hardly any two overlap. */
  transactionMs?: number;
  /** What each function that a transaction calls adds to that, in ms. Default 0. */
  nestedCallMs?: number;
  /** Bytes that all transactions together may write per second; beyond it they fail with `TooManyWrites`. Default: no limit. */
  writeBytesPerSecond?: number;
  /** Limits of one transaction. Default: Convex's. */
  limits?: Partial<TransactionLimits>;
  /** Own run time of one query or mutation, as counted in `limits.ts`. Default 1 000. */
  maxRunTimeMs?: number;
  /** Rows of finished scheduled functions are kept for this long. Default 7 days, as on Convex. */
  scheduledRetentionMs?: number;
}

export interface EngineOptions extends EngineSettings {
  /** The app, which has the path "", and all components. */
  components: readonly ComponentSource[];
  /** Time and order. Default: the machine's. */
  pace?: Pace;
  urls?: FileUrls;
  /** Receives what functions print, and what fails in the background. Default: nowhere. */
  log?: (line: string) => void;
}

export interface CallOptions {
  /** Refuse functions of any other type. */
  expected?: FunctionType | undefined;
  /** Refuse internal functions, as for a client. */
  publicOnly?: boolean;
  /** The user in whose name it runs, as JSON; default nobody. */
  identity?: string | undefined;
}

/** A call that succeeded, and when in the order of commits. */
export interface CallResult {
  value: Value;
  /** Nanoseconds. */
  ts: bigint;
}

const SEVEN_DAYS_MS = 7 * 86_400_000;
const noUrls: FileUrls = {
  uploadUrl: (componentPath) => `https://files.invalid/upload/${componentPath}`,
  fileUrl: (_componentPath, storageId) => `https://files.invalid/${storageId}`,
};

/** A Convex deployment in memory: the registered functions of an app and its components, run by Convex's rules. */
export class Engine {
  private isClosed = false;

  private constructor(
    private readonly runner: Runner,
    private readonly scheduler: Scheduler,
    private readonly statistics: Statistics,
  ) {}

  /** @throws Error when a schema cannot be loaded. */
  static async start(options: EngineOptions): Promise<Engine> {
    installGlobals();
    const pace = options.pace ?? realPace;
    const catalog = new Catalog();
    const registry = new FunctionRegistry(options.components);
    for (const { path } of options.components)
      catalog.addComponent(path, (await registry.module(path, "schema"))?.default);
    const now = () => pace.now();
    const store = new Store(catalog, now);
    const files = new Files();
    store.onCommit((commit) => files.afterCommit(commit));
    const statistics = new Statistics();
    const runner: Runner = new Runner({
      catalog,
      store,
      registry,
      pace,
      files,
      statistics,
      urls: options.urls ?? noUrls,
      limits: { ...transactionLimits, ...options.limits },
      writeRate: new WriteRate(options.writeBytesPerSecond ?? Infinity, now),
      maxRunTimeMs: options.maxRunTimeMs ?? MAX_RUN_TIME_MS,
      transactionMs: options.transactionMs ?? 0,
      nestedCallMs: options.nestedCallMs ?? 0,
      log: options.log ?? (() => undefined),
      // A scheduled function runs in nobody's name.
      arm: (jobs) => runAs(null, () => scheduler.arm(jobs)),
    });
    const scheduler = new Scheduler(runner, options.scheduledRetentionMs ?? SEVEN_DAYS_MS);
    return new Engine(runner, scheduler, statistics);
  }

  /**
   * Runs one function to its end.
   * @throws CallRefused, SystemError, or what the function throws.
   */
  async call(
    path: FunctionPath,
    args: Record<string, Value> = {},
    options: CallOptions = {},
  ): Promise<Value> {
    return (await this.run(path, args, options)).value;
  }

  /** As {@link call}, with the time of the commit. */
  async run(path: FunctionPath, args: Record<string, Value>, options: CallOptions = {}): Promise<CallResult> {
    return runAs(options.identity ?? null, () => this.runInName(path, args, options));
  }

  private async runInName(
    path: FunctionPath,
    args: Record<string, Value>,
    options: CallOptions,
  ): Promise<CallResult> {
    const target = await this.find(path, options);
    const argsJson = JSON.stringify(convexToJson(args));
    if (target.type === "action")
      return { value: valueOf(await this.runner.action(target, argsJson)), ts: this.latest.ts };
    const { json, ts } = await this.runner.transaction(target, argsJson);
    return { value: valueOf(json), ts };
  }

  /**
   * Runs a query.
   * @param watch the snapshot to run it on, and where to note what it reads, also when it throws.
   */
  async query(
    path: FunctionPath,
    args: Record<string, Value>,
    options: Omit<CallOptions, "expected">,
    watch: { snapshot: Snapshot; reads: ReadSet },
  ): Promise<Value> {
    const target = await this.find(path, { ...options, expected: "query" });
    return valueOf((await this.runner.transaction(target, JSON.stringify(convexToJson(args)), watch)).json);
  }

  /** Answers an HTTP request by the `http.ts` of a component; null when it has no such route. */
  async http(componentPath: string, pathname: string, request: Request): Promise<Response | null> {
    this.assertOpen();
    return this.runner.http(componentPath, pathname, request);
  }

  /** Default exports of a module in every component that has it. */
  defaultExports(moduleName: string): Promise<{ componentPath: string; value: unknown }[]> {
    return this.runner.registry.defaultExports(moduleName);
  }

  /** Loads all modules now instead of when one is first needed: a made-up schedule must not wait for the disk. */
  loadAll(): Promise<void> {
    return this.runner.registry.loadAll();
  }

  /** The newest committed state. */
  get latest(): Snapshot {
    return this.runner.store.latest;
  }

  /** Hears every commit, system ones included. @returns how to stop. */
  onCommit(listener: (commit: Commit) => void): () => void {
    return this.runner.store.onCommit(listener);
  }

  /** Later commits come after this time, which a client has seen of an earlier deployment. */
  advancePast(ts: bigint): void {
    this.runner.store.advancePast(ts);
  }

  /** All documents of a table as they are now, oldest first: for tests that look at the state from outside. */
  documents(componentPath: string, tableName: string): Record<string, Value>[] {
    const { byCreationTime } = this.runner.catalog.table(componentPath, tableName);
    const tree = this.latest.roots[byCreationTime.number];
    return tree
      ? [...values(tree)].map(
          ({ json }) => jsonToConvex(JSON.parse(json) as JSONValue) as Record<string, Value>,
        )
      : [];
  }

  /** Stores a file in a component, as an upload does. @returns its id. */
  async storeFile(componentPath: string, blob: Blob): Promise<string> {
    const { catalog, files } = this.runner;
    const table = catalog.table(componentPath, STORAGE);
    const file = { bytes: new Uint8Array(await blob.arrayBuffer()), contentType: blob.type || null };
    return this.runner.system((tx) => files.store(tx, table, file));
  }

  /** A file's bytes; null when it is not there. */
  readFile(componentPath: string, storageId: string): Blob | null {
    const { catalog, files } = this.runner;
    return this.runner.system((tx) => files.read(tx, catalog.table(componentPath, STORAGE), storageId));
  }

  stats(): EngineStatistics {
    return this.statistics.read();
  }

  resetStats(): void {
    this.statistics.reset();
  }

  /** From now on no function starts, scheduled ones included. */
  close(): void {
    this.isClosed = true;
    this.scheduler.close();
  }

  private async find(path: FunctionPath, { expected, publicOnly = false }: CallOptions): Promise<Target> {
    this.assertOpen();
    const target = await this.runner.registry.find(path);
    if (!target || (publicOnly && !target.isPublic))
      throw new CallRefused(
        `Could not find ${publicOnly ? "public " : ""}function for '${path.udfPath}'. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`,
      );
    if (expected) assertType(target, expected);
    return target;
  }

  private assertOpen(): void {
    if (this.isClosed) throw new Error("The deployment is closed");
  }
}

const valueOf = (json: string): Value => jsonToConvex(JSON.parse(json) as JSONValue);
