import { convexToJson } from "convex/values";
import { ReadSet, type Commit, type Engine, type Snapshot } from "../../engine/index.js";
import type { FunctionArgs } from "../app/wire.js";
import { failureOf } from "../http/failure.js";
import type { QueryOutcome } from "./messages.js";

/** A query with its arguments, and whether an administrator asks. */
export interface QueryCall {
  udfPath: string;
  args: FunctionArgs;
  componentPath: string;
  admin: boolean;
}

/** One query that somebody subscribes to. Clients that ask the same share it. */
export interface LiveQuery {
  readonly key: string;
  readonly call: QueryCall;
  /** Its present answer; absent until the first run ended. */
  outcome?: QueryOutcome;
  /** Grows whenever the answer changes. */
  revision: number;
  subscribers: number;
  stale: boolean;
}
interface Tracked extends LiveQuery {
  reads: ReadSet;
  running?: Promise<void>;
  /** Committed while it ran. */
  missed: Commit[];
}

/** All subscribed queries: what they answer, and which have to run again. */
export class LiveQueries {
  private readonly byKey = new Map<string, Tracked>();
  runs = 0;

  constructor(private readonly engine: Engine) {}

  get size(): number {
    return this.byKey.size;
  }

  subscribe(call: QueryCall): LiveQuery {
    const key = JSON.stringify([call.admin, call.componentPath, call.udfPath, convexToJson(call.args)]);
    let query = this.byKey.get(key);
    if (!query) {
      query = { key, call, revision: 0, subscribers: 0, stale: true, reads: new ReadSet(), missed: [] };
      this.byKey.set(key, query);
    }
    query.subscribers += 1;
    return query;
  }

  unsubscribe(query: LiveQuery): void {
    query.subscribers -= 1;
    if (query.subscribers === 0) this.byKey.delete(query.key);
  }

  /** Marks what the commit has changed. @returns whether anything has to run again, or may have to. */
  noteCommit(commit: Commit): boolean {
    let any = false;
    for (const query of this.byKey.values()) {
      if (query.running) query.missed.push(commit);
      else if (!query.stale && query.reads.firstTouched(commit.indexWrites)) query.stale = true;
      any ||= query.stale || query.running !== undefined;
    }
    return any;
  }

  /** Runs the query unless its answer is good. Never rejects: a failure is an answer. */
  async refresh(query: LiveQuery, snapshot: Snapshot = this.engine.latest): Promise<void> {
    const tracked = query as Tracked;
    await tracked.running;
    if (tracked.stale) await (tracked.running ??= this.run(tracked, snapshot));
  }

  /** Runs everything that is stale, all on one snapshot. */
  async refreshAll(snapshot: Snapshot): Promise<void> {
    const stale = [...this.byKey.values()].filter((query) => query.stale || query.running !== undefined);
    await Promise.all(stale.map((query) => this.refresh(query, snapshot)));
  }

  private async run(query: Tracked, snapshot: Snapshot): Promise<void> {
    query.stale = false;
    query.missed = [];
    this.runs += 1;
    const reads = new ReadSet();
    const outcome = await this.answer(query.call, { snapshot, reads });
    query.reads = reads;
    query.stale = query.missed.some(
      ({ ts, indexWrites }) => ts > snapshot.ts && reads.firstTouched(indexWrites),
    );
    if (JSON.stringify(outcome) !== JSON.stringify(query.outcome)) {
      query.outcome = outcome;
      query.revision += 1;
    }
    delete query.running;
  }

  private async answer(
    { udfPath, args, componentPath, admin }: QueryCall,
    watch: { snapshot: Snapshot; reads: ReadSet },
  ): Promise<QueryOutcome> {
    try {
      if (componentPath !== "" && !admin) throw new Error("Only an admin may name a component");
      const value = await this.engine.query({ componentPath, udfPath }, args, { publicOnly: !admin }, watch);
      return { type: "QueryUpdated", value: convexToJson(value), logLines: [], journal: null };
    } catch (error) {
      return { type: "QueryFailed", ...failureOf(error), logLines: [], journal: null };
    }
  }
}
