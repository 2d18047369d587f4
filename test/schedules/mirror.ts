/** The tables of a component as they are after each commit, kept up from what the commits write. */
import type { Value } from "convex/values";
import type { Doc, TableNames } from "../../src/component/_generated/dataModel.js";
import type { Commit } from "../../sim/engine/index.js";
import type { Rows } from "../simulation/invariants.js";

/** A row of `_scheduled_functions`. */
export interface Job {
  _id: string;
  name: string;
  args: [Record<string, Value>];
  /** Epoch ms. */
  scheduledTime: number;
  state: { kind: "pending" | "inProgress" | "success" | "failed" | "canceled" };
}

/** One document's change. */
export interface Change<Row> {
  before: Row | null;
  after: Row | null;
}

export const COMPONENT = "agentFactory";
const SCHEDULED = "_scheduled_functions";

export class Mirror {
  private readonly tables = new Map<string, Map<string, unknown>>();

  /** Takes over what a commit wrote. @returns whether any of it is this component's. */
  apply(commit: Commit): boolean {
    let isOurs = false;
    for (const { table, id, after } of commit.writes) {
      if (table.componentPath !== COMPONENT) continue;
      isOurs = true;
      const rows = this.tables.get(table.name) ?? new Map<string, unknown>();
      this.tables.set(table.name, rows);
      if (after) rows.set(id, after.fields);
      else rows.delete(id);
    }
    return isOurs;
  }

  rows<Name extends TableNames>(name: Name): Doc<Name>[] {
    return [...(this.tables.get(name)?.values() ?? [])] as Doc<Name>[];
  }

  row<Name extends TableNames>(name: Name, id: string): Doc<Name> | null {
    return (this.tables.get(name)?.get(id) as Doc<Name> | undefined) ?? null;
  }

  jobs(): Job[] {
    return [...(this.tables.get(SCHEDULED)?.values() ?? [])] as Job[];
  }

  /** What the invariants of the queue look at. */
  queue(): Rows {
    return {
      conversations: this.rows("conversations"),
      messages: this.rows("messageQueue"),
      leases: this.rows("leases"),
    };
  }
}

/** What a commit changed of one table. */
export function changesOf<Name extends TableNames>(commit: Commit, name: Name): Change<Doc<Name>>[] {
  return commit.writes
    .filter(({ table }) => table.componentPath === COMPONENT && table.name === name)
    .map(({ before, after }) => ({
      before: (before?.fields ?? null) as Doc<Name> | null,
      after: (after?.fields ?? null) as Doc<Name> | null,
    }));
}

/** The scheduled functions whose state a commit changed. */
export const jobChangesOf = (commit: Commit): Change<Job>[] =>
  commit.writes
    .filter(({ table }) => table.componentPath === COMPONENT && table.name === SCHEDULED)
    .map(({ before, after }) => ({
      before: (before?.fields ?? null) as unknown as Job | null,
      after: (after?.fields ?? null) as unknown as Job | null,
    }));
