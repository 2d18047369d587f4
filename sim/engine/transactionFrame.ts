import { jsonToConvex, type JSONValue } from "convex/values";
import { z } from "zod";
import { displayName, addressSchema, type Target } from "./functions.js";
import { FunctionFrame, unknownOperation } from "./functionFrame.js";
import { assertType, invoke } from "./invoke.js";
import { MAX_CALL_DEPTH, runTimePricesUs } from "./limits.js";
import { beyond } from "./orderedKeys.js";
import { readPage } from "./page.js";
import { querySchema, Scan } from "./query.js";
import type { Runtime } from "./runtime.js";
import { cancelJob, jobFrom } from "./scheduling.js";
import { isSystemTable, storageCall } from "./storageCalls.js";
import { tsToJson } from "./store.js";
import { noteIntervals, readDocument, treeOf, type Transaction, type View } from "./transaction.js";
import type { Table } from "./catalog.js";
import { literal } from "./filter.js";
import { hasHalfSurrogate, type Fields } from "./values.js";
import { InvalidArguments } from "./errors.js";

const rowArgs = z.object({ id: z.string(), table: z.string().optional() });
const getArgs = rowArgs.extend({ isSystem: z.boolean().optional() });
const fields = z.record(z.string(), z.json());
const insertArgs = z.object({ table: z.string(), value: fields });
const changeArgs = rowArgs.extend({ value: fields });
const streamArgs = z.object({ query: querySchema });
const queryIdArgs = z.object({ queryId: z.number() });
const normalizeArgs = z.object({ table: z.string(), idString: z.string() });
const nestedArgs = z
  .object({
    udfType: z.enum(["query", "mutation", "snapshotQuery"]),
    args: z.record(z.string(), z.json()),
    transactionLimits: z.record(z.string(), z.number()).optional(),
  })
  .and(addressSchema);

/** Calls that wait for something; all others are done at once. */
const WAITING = new Set(["1.0/runUdf", "1.0/schedule", "1.0/createFunctionHandle"]);

/** Counts the nested calls of a transaction, for the time that they take. */
export interface CallCounter {
  nested: number;
}

/** A query or mutation that is running, at the top or called by another one. */
export class TransactionFrame extends FunctionFrame {
  readonly isTransaction = true;
  private readonly scans = new Map<number, Scan>();
  private scanCount = 0;
  /** The last of the calls that wait for one another. */
  private queue: Promise<unknown> | null = null;
  private hasPaginated = false;
  private readonly depth: number;
  private isFinished = false;

  constructor(
    runtime: Runtime,
    target: Target,
    private readonly view: View,
    /** Absent: this function must not write. */
    private readonly tx: Transaction | null,
    private readonly frozenNow: number,
    private readonly calls: CallCounter,
    private readonly caller: TransactionFrame | null = null,
  ) {
    super(runtime, target);
    this.depth = (caller?.depth ?? 0) + 1;
  }

  now(): number {
    return this.frozenNow;
  }

  /** From now on its calls are refused: somebody forgot to await one. */
  finish(): void {
    this.isFinished = true;
  }

  private get isOver(): boolean {
    return this.isFinished || (this.caller?.isOver ?? false);
  }

  syscall(op: string, jsonArgs: string): string {
    this.begin(jsonArgs);
    const { catalog } = this.runtime;
    switch (op) {
      case "1.0/queryStream": {
        const { query } = streamArgs.parse(JSON.parse(jsonArgs));
        const queryId = (this.scanCount += 1);
        this.scans.set(queryId, new Scan(this.view, catalog, this.target.componentPath, query));
        return JSON.stringify({ queryId });
      }
      case "1.0/queryCleanup":
        this.scans.delete(queryIdArgs.parse(JSON.parse(jsonArgs)).queryId);
        return "null";
      case "1.0/db/normalizeId": {
        const { table, idString } = normalizeArgs.parse(JSON.parse(jsonArgs));
        const own = catalog.tableOfId(this.target.componentPath, idString);
        return JSON.stringify({ id: own?.name === table ? idString : null });
      }
      case "1.0/getSnapshotTs":
        return tsToJson(this.view.snapshot.ts);
      default:
        throw new Error(`Unknown operation ${op}`);
    }
  }

  jsSyscall(op: string): Promise<never> {
    return Promise.reject(new Error(`${op} is for actions`));
  }

  /** Operations take effect in the order in which they were called; none begins while a nested function runs. */
  protected operate(op: string, jsonArgs: string): string | Promise<string> {
    this.begin(jsonArgs);
    if (!this.queue && !WAITING.has(op)) return this.perform(op, jsonArgs);
    const result = (this.queue ?? Promise.resolve()).then(() => this.perform(op, jsonArgs));
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.queue = settled;
    void settled.then(() => {
      if (this.queue === settled) this.queue = null;
    });
    return result;
  }

  private begin(jsonArgs: string): void {
    if (this.isOver) throw new Error("The function is over; await all its calls");
    if (hasHalfSurrogate(jsonArgs)) throw new InvalidArguments();
    this.view.usage.spend(runTimePricesUs.call);
  }

  private perform(op: string, jsonArgs: string): string | Promise<string> {
    switch (op) {
      case "1.0/get": {
        const { id, table, isSystem = false } = getArgs.parse(JSON.parse(jsonArgs));
        return readDocument(this.view, this.tableOf(id, table, "db.get", isSystem), id)?.json ?? "null";
      }
      case "1.0/queryStreamNext": {
        const scan = this.scans.get(queryIdArgs.parse(JSON.parse(jsonArgs)).queryId);
        if (!scan) throw new Error("This query is closed and can't emit any more values.");
        const document = scan.next();
        return document ? `{"value":${document.json},"done":false}` : `{"value":null,"done":true}`;
      }
      case "1.0/queryPage":
        return this.page(jsonArgs);
      case "1.0/count":
        return this.count(jsonArgs);
      case "1.0/getTransactionMetrics":
        return JSON.stringify(this.view.usage.metrics());
      case "1.0/runUdf":
        return this.runNested(jsonArgs);
      case "1.0/insert":
      case "1.0/shallowMerge":
      case "1.0/replace":
      case "1.0/remove":
        return this.write(op, jsonArgs);
      case "1.0/schedule":
        return jobFrom(this.runtime, this.target, jsonArgs).then((job) =>
          JSON.stringify(this.writer().schedule(this.runtime.store, job)),
        );
      case "1.0/cancel_job": {
        const { id } = rowArgs.parse(JSON.parse(jsonArgs));
        cancelJob(this.runtime, this.writer(), this.target.componentPath, id);
        return "null";
      }
      case "1.0/storageGet":
        return this.readFile(jsonArgs);
      default: {
        const { runtime, view, tx } = this;
        const { componentPath } = this.target;
        return (
          storageCall(runtime, componentPath, op, jsonArgs, view, tx) ??
          this.common(op, jsonArgs) ??
          unknownOperation(op)
        );
      }
    }
  }

  private write(op: string, jsonArgs: string): string {
    const tx = this.writer();
    const { store, catalog } = this.runtime;
    if (op === "1.0/insert") {
      const { table, value } = insertArgs.parse(JSON.parse(jsonArgs));
      const own = catalog.table(this.target.componentPath, table);
      return JSON.stringify({ _id: tx.insert(store, own, ownFields(value, null)) });
    }
    if (op === "1.0/remove") {
      const { id, table } = rowArgs.parse(JSON.parse(jsonArgs));
      tx.update(store, this.tableOf(id, table, "db.delete", false), id, () => null, "Delete");
      return "null";
    }
    const { id, table, value } = changeArgs.parse(JSON.parse(jsonArgs));
    const isPatch = op === "1.0/shallowMerge";
    const own = this.tableOf(id, table, isPatch ? "db.patch" : "db.replace", false);
    tx.update(
      store,
      own,
      id,
      (before) => {
        const { _id, _creationTime } = before;
        const given = ownFields(value, before);
        return isPatch ? withoutUndefined({ ...before, ...given }) : { ...given, _id, _creationTime };
      },
      isPatch ? "Update" : "Replace",
    );
    return "null";
  }

  private page(jsonArgs: string): string {
    if (this.target.componentPath !== "") throw new Error("paginate() is only supported in the app.");
    if (this.hasPaginated)
      throw new Error(
        "This query or mutation function ran multiple paginated queries. Convex only supports a single paginated query in each function.",
      );
    this.hasPaginated = true;
    return readPage(this.view, this.runtime.catalog, this.target.componentPath, jsonArgs);
  }

  /** Reads as much of a table as its number depends on. */
  private count(jsonArgs: string): string {
    const { table } = z.object({ table: z.string() }).parse(JSON.parse(jsonArgs));
    const { byId } = this.runtime.catalog.table(this.target.componentPath, table);
    this.view.reads?.addRange(byId.number, { from: "", to: beyond("") });
    noteIntervals(this.view);
    return JSON.stringify(treeOf(this.view, byId).size);
  }

  private async readFile(jsonArgs: string): Promise<string> {
    const { storageId } = z.object({ storageId: z.string() }).parse(JSON.parse(jsonArgs));
    const { files, catalog } = this.runtime;
    this.writer();
    const blob = files.read(this.view, catalog.table(this.target.componentPath, "_storage"), storageId);
    if (!blob) return "null";
    const bytes = Buffer.from(await blob.arrayBuffer());
    return JSON.stringify({ blob: bytes.toString("base64"), contentType: blob.type || null });
  }

  /** A function called by this one: in the same transaction, but a mutation that throws takes its own writes back. */
  private async runNested(jsonArgs: string): Promise<string> {
    const request = nestedArgs.parse(JSON.parse(jsonArgs));
    const { udfType, args } = request;
    const target = await this.runtime.registry.resolve(this.target.componentPath, request);
    assertType(target, udfType === "mutation" ? "mutation" : "query");
    if (udfType !== "query" && !this.tx)
      throw new Error(`A query cannot run ${displayName(target)} as ${udfType}`);
    if (this.depth >= MAX_CALL_DEPTH)
      throw new Error(
        `Cross component call depth limit exceeded. Limits the depth of nested calls to ${MAX_CALL_DEPTH}: ${displayName(target)}`,
      );
    this.view.usage.spend(runTimePricesUs.nestedCall);
    this.calls.nested += 1;
    const isStale = udfType === "snapshotQuery";
    const view = isStale ? staleView(this.runtime, this.view) : this.view;
    const tx = udfType === "mutation" ? this.tx : null;
    const { runtime, frozenNow, calls } = this;
    const frame = new TransactionFrame(runtime, target, view, tx, frozenNow, calls, this);
    const takeBack = tx?.savepoint();
    const uncap = view.usage.cap(request.transactionLimits ?? {});
    try {
      return await invoke(runtime.catalog, frame, target, JSON.stringify(args));
    } catch (error) {
      takeBack?.();
      throw error;
    } finally {
      frame.finish();
      uncap();
    }
  }

  private writer(): Transaction {
    if (!this.tx) throw new Error(`${displayName(this.target)} is a query: it cannot write`);
    return this.tx;
  }

  /** The table of an id that a function gave. @throws Error when it is of another one, or of another component. */
  private tableOf(id: string, named: string | undefined, what: string, isSystem: boolean): Table {
    const table = this.runtime.catalog.tableOfId(this.target.componentPath, id);
    if (!table)
      throw new Error(
        `Invalid argument \`id\` for \`${what}\`: "${id}" is no ID of a table of this component`,
      );
    if (named !== undefined && named !== table.name)
      throw new Error(
        `Invalid argument \`id\` for \`${what}\`, expected ID in table '${named}' but got ID in table '${table.name}'`,
      );
    if (isSystemTable(table.name) !== isSystem)
      throw new Error(
        `${isSystem ? "User tables are not" : "System tables are only"} accessed from db.system`,
      );
    return table;
  }
}

/** The database as it was when the transaction began, with limits of its own; nothing that is read here is depended on. */
function staleView(runtime: Runtime, { snapshot }: View): View {
  return { snapshot, roots: snapshot.roots, usage: runtime.newUsage(), reads: null };
}

/**
 * The fields that a function gives for a document. The system's own may be repeated but not chosen.
 * @throws Error for any other field that begins with an underscore.
 */
function ownFields(value: Record<string, JSONValue>, before: Fields | null): Record<string, Fields[string]> {
  const own: Record<string, Fields[string]> = {};
  for (const [name, field] of Object.entries(value)) {
    if (!name.startsWith("_")) own[name] = literal(field);
    else if (!before || jsonToConvex(field) !== before[name])
      throw new Error(
        `Field name "${name}" starts with an underscore, which is only allowed in system tables`,
      );
  }
  return own;
}

const withoutUndefined = (value: Fields): Fields =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
