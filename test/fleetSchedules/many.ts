/** Many schedules, and what happened in them altogether. */
import type { ModuleMap } from "../../sim/engine/index.js";
import { Violation } from "../simulation/invariants.js";
import { runFleetSchedule } from "./schedule.js";
import { shrunk } from "./search.js";
import type { Tally } from "./stage.js";

export interface Many {
  counts: Map<string, number>;
  /** The first violation, with as few kinds of trouble as do; null: every schedule kept every invariant. */
  finding: string | null;
}

export async function runMany(component: ModuleMap, from: number, count: number): Promise<Many> {
  const counts = new Map<string, number>();
  const add = (name: string, value: number) => counts.set(name, (counts.get(name) ?? 0) + value);
  for (let seed = from; seed < from + count; seed += 1) {
    try {
      const { plan, tally, commits, providerCalls } = await runFleetSchedule(component, seed);
      for (const trouble of plan.troubles) add(`schedules with ${trouble}`, 1);
      for (const name of Object.keys(tally) as (keyof Tally)[]) add(name, tally[name]);
      add("commits", commits);
      add("calls to the provider", providerCalls);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return { counts, finding: await shrunk(component, { seed, message: error.message }) };
    }
  }
  return { counts, finding: null };
}
