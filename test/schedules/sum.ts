/** What many schedules together have done, and what their transactions met. */
import type { ConflictStatistics, FunctionStatistics } from "../../sim/engine/index.js";
import type { Outcome } from "./schedule.js";

export class Sum {
  readonly counts = new Map<string, number>();
  readonly worst = new Map<string, number>();
  /** Conflict errors that reached a caller, by function. */
  readonly errors = new Map<string, number>();
  private readonly functions = new Map<string, FunctionStatistics>();
  private readonly conflicts = new Map<string, ConflictStatistics>();

  add({ tally, looks, lives, order, commits, expiries, deadLetters, errors, statistics }: Outcome): void {
    const { worstLookMs, worstRingMs, ...looked } = looks;
    const { worstWaitMs, ...lived } = lives;
    const counts = { schedules: 1, commits, expiries, deadLetters, ...tally, ...looked, ...lived };
    for (const [name, count] of Object.entries(counts)) addTo(this.counts, name, count);
    addTo(this.counts, "outOfOrder", order?.outOfOrder ?? 0);
    const worst = {
      worstLookMs,
      worstRingMs,
      worstWaitMs,
      worstOvertakes: order?.worstOvertakes ?? 0,
      worstOutOfOrderMs: order?.worstOutOfOrderMs ?? 0,
      worstPassedOver: order?.worstPassedOver ?? 0,
    };
    for (const [name, value] of Object.entries(worst))
      this.worst.set(name, Math.max(this.worst.get(name) ?? 0, Math.round(value)));
    for (const [name, count] of errors) addTo(this.errors, name, count);
    for (const one of statistics.functions) this.addFunction(one);
    for (const one of statistics.conflicts) {
      const key = `${one.retried} ${one.writer} ${one.index}`;
      const known = this.conflicts.get(key) ?? { ...one, count: 0 };
      this.conflicts.set(key, { ...known, count: known.count + one.count });
    }
  }

  private addFunction(one: FunctionStatistics): void {
    const known = this.functions.get(one.function);
    this.functions.set(one.function, {
      ...one,
      calls: one.calls + (known?.calls ?? 0),
      attempts: one.attempts + (known?.attempts ?? 0),
      worstAttempts: Math.max(one.worstAttempts, known?.worstAttempts ?? 0),
      conflictErrors: one.conflictErrors + (known?.conflictErrors ?? 0),
    });
  }

  /** For people: counts, attempts per mutation, and who made whom start again. */
  table(): string {
    const facts = [...this.counts, ...this.worst].map(([name, count]) => `${name} ${count}`).join(", ");
    const functions = [...this.functions.values()]
      .filter(({ type }) => type === "mutation")
      .sort((a, b) => b.calls - a.calls)
      .map(
        ({ function: name, calls, attempts, worstAttempts, conflictErrors }) =>
          `  ${name.padEnd(44)} ${String(calls).padStart(8)} calls ${(attempts / calls).toFixed(3)} attempts, worst ${worstAttempts}, ${conflictErrors} errors`,
      );
    const conflicts = [...this.conflicts.values()]
      .sort((a, b) => b.count - a.count)
      .map(
        ({ retried, writer, index, count }) =>
          `  ${String(count).padStart(6)} ${retried} ← ${writer} over ${index}`,
      );
    return [facts, "Mutations:", ...functions, "Started again ← because of:", ...conflicts].join("\n");
  }
}

const addTo = (counts: Map<string, number>, name: string, count: number): void =>
  void counts.set(name, (counts.get(name) ?? 0) + count);
