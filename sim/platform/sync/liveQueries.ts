import { convexToJson } from "convex/values";
import type { Backend } from "../app/backend.js";
import type { FunctionArgs } from "../app/wire.js";
import { failureOf } from "../http/failure.js";
import type { QueryOutcome } from "./messages.js";
import { recordingInto } from "./recording.js";
import { ReadSet, type IndexFields, type Write } from "./reads.js";

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
}

/** All subscribed queries: what they answer, and which have to run again. */
export class LiveQueries {
  private readonly byKey = new Map<string, Tracked>();
  runs = 0;

  constructor(
    private readonly backend: Backend,
    private readonly indexFields: IndexFields,
  ) {}

  get size(): number {
    return this.byKey.size;
  }

  subscribe(call: QueryCall): LiveQuery {
    const key = JSON.stringify([call.admin, call.componentPath, call.udfPath, convexToJson(call.args)]);
    let query = this.byKey.get(key);
    if (!query) {
      query = { key, call, revision: 0, subscribers: 0, stale: true, reads: new ReadSet(this.indexFields) };
      this.byKey.set(key, query);
    }
    query.subscribers += 1;
    return query;
  }

  unsubscribe(query: LiveQuery): void {
    query.subscribers -= 1;
    if (query.subscribers === 0) this.byKey.delete(query.key);
  }

  /** Marks what the write may have changed. @returns whether anything is. */
  noteWrite(write: Write): boolean {
    let any = false;
    for (const query of this.byKey.values()) {
      if (!query.stale && query.reads.dependsOn(write)) query.stale = true;
      any ||= query.stale;
    }
    return any;
  }

  /** Runs the query unless its answer is good. Never rejects: a failure is an answer. */
  async refresh(query: LiveQuery): Promise<void> {
    const tracked = query as Tracked;
    while (tracked.stale || tracked.running) await (tracked.running ??= this.run(tracked));
  }

  /** Runs everything that is stale, one after the other as the backend would do anyway. */
  async refreshAll(): Promise<void> {
    for (const query of [...this.byKey.values()]) if (query.stale) await this.refresh(query);
  }

  private async run(query: Tracked): Promise<void> {
    // Before the run: a write from now on either comes first, or meets what the run has read.
    query.stale = false;
    query.reads = new ReadSet(this.indexFields);
    this.runs += 1;
    const outcome = await recordingInto(query.reads, () => this.answer(query.call));
    if (JSON.stringify(outcome) !== JSON.stringify(query.outcome)) {
      query.outcome = outcome;
      query.revision += 1;
    }
    delete query.running;
  }

  private async answer({ udfPath, args, componentPath, admin }: QueryCall): Promise<QueryOutcome> {
    try {
      if (componentPath !== "" && !admin) throw new Error("Only an admin may name a component");
      const value = await this.backend.call({ componentPath, udfPath }, args, {
        expected: "query",
        publicOnly: !admin,
      });
      return { type: "QueryUpdated", value: convexToJson(value), logLines: [], journal: null };
    } catch (error) {
      return { type: "QueryFailed", ...failureOf(error), logLines: [], journal: null };
    }
  }
}
