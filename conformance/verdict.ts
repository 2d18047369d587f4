/** What was found out about each row. */
import { allRows, optionalRows, type RowId } from "./rows.js";

/** A trial that cannot go on; why is in the verdict already. */
export class TrialOver extends Error {
  override readonly name = "TrialOver";
}

export interface Failure {
  id: RowId;
  /** Each way in which it was broken, with the trial that showed it. */
  reasons: string[];
}
export interface Summary {
  checks: number;
  passed: number;
  failed: string[];
}

export class Verdict {
  private readonly judged = new Set<RowId>();
  private readonly faults = new Map<RowId, string[]>();

  /** @param wanted the rows that count; the others are observed in passing and dropped. */
  constructor(private readonly wanted: ReadonlySet<RowId> = new Set(allRows)) {}

  judge(id: RowId, ok: boolean, why: string): void {
    if (!this.wanted.has(id)) return;
    this.judged.add(id);
    if (ok) return;
    const reasons = this.faults.get(id) ?? [];
    if (!reasons.includes(why)) reasons.push(why);
    this.faults.set(id, reasons);
  }

  failures(): Failure[] {
    return this.considered().flatMap((id) => {
      const reasons = this.faults.get(id) ?? (this.judged.has(id) ? [] : ["was never observed"]);
      return reasons.length === 0 ? [] : [{ id, reasons }];
    });
  }

  /** Rows of optional calls that the worker did not make. */
  unused(): RowId[] {
    return allRows.filter((id) => this.wanted.has(id) && optionalRows.has(id) && !this.judged.has(id));
  }

  summary(): Summary {
    const failed = this.failures().map(({ id }) => id);
    const checks = this.considered().length;
    return { checks, passed: checks - failed.length, failed };
  }

  private considered(): RowId[] {
    return allRows.filter((id) => this.wanted.has(id) && (this.judged.has(id) || !optionalRows.has(id)));
  }
}
