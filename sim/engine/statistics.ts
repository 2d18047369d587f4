import type { FunctionType } from "./functions.js";

/** What became of the calls of one function. */
export interface FunctionStatistics {
  /** `agentFactory/lib:claim`. */
  function: string;
  type: FunctionType;
  calls: number;
  /** Of mutations: how often it was run, first attempts included. */
  attempts: number;
  worstAttempts: number;
  /** Calls that ended in an error, of any kind. */
  errors: number;
  /** Of these: for a conflict in every attempt. */
  conflictErrors: number;
  /** Of these: because too much is written per second. */
  tooManyWrites: number;
}

/** How often one function made another start again, and over what. */
export interface ConflictStatistics {
  retried: string;
  writer: string;
  /** `component/table.index`. */
  index: string;
  count: number;
}

export interface EngineStatistics {
  functions: FunctionStatistics[];
  /** The most frequent first. */
  conflicts: ConflictStatistics[];
}

/** Counts since the start or the last {@link reset}. Nested calls are part of the call that made them. */
export class Statistics {
  private functions = new Map<string, FunctionStatistics>();
  private conflicts = new Map<string, ConflictStatistics>();

  call(name: string, type: FunctionType): FunctionStatistics {
    let entry = this.functions.get(name);
    if (!entry) {
      entry = {
        function: name,
        type,
        calls: 0,
        attempts: 0,
        worstAttempts: 0,
        errors: 0,
        conflictErrors: 0,
        tooManyWrites: 0,
      };
      this.functions.set(name, entry);
    }
    entry.calls += 1;
    return entry;
  }

  conflict(retried: string, writer: string, index: string): void {
    const key = `${retried} ${writer} ${index}`;
    const entry = this.conflicts.get(key) ?? { retried, writer, index, count: 0 };
    entry.count += 1;
    this.conflicts.set(key, entry);
  }

  read(): EngineStatistics {
    return {
      functions: [...this.functions.values()].map((entry) => ({ ...entry })),
      conflicts: [...this.conflicts.values()]
        .map((entry) => ({ ...entry }))
        .sort((a, b) => b.count - a.count),
    };
  }

  reset(): void {
    this.functions = new Map();
    this.conflicts = new Map();
  }
}
