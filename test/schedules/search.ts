/** How many schedules it takes to find a planted fault. */
import { Violation } from "../simulation/invariants.js";
import { loadComponent } from "./component.js";
import type { Mutant } from "./mutants.js";
import { runSchedule } from "./schedule.js";

export interface Finding {
  seed: number;
  message: string;
}

/** Tries `most` seeds from `from` on; null when none finds it. */
export async function search({ replacements }: Mutant, from: number, most: number): Promise<Finding | null> {
  const component = await loadComponent(replacements);
  for (let seed = from; seed < from + most; seed += 1) {
    try {
      await runSchedule(component, seed);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return { seed, message: error.message };
    }
  }
  return null;
}
