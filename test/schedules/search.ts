/** How many schedules it takes to find a planted fault. */
import { Violation } from "../simulation/invariants.js";
import { loadComponent } from "./component.js";
import type { Mutant } from "./mutants/index.js";
import { runSchedule } from "./schedule.js";

export interface Finding {
  seed: number;
  message: string;
}

/** Tries `most` seeds from `from` on; null when none finds it. */
export async function search(
  { replacements, rule }: Mutant,
  from: number,
  most: number,
): Promise<Finding | null> {
  const component = await loadComponent(replacements);
  for (let seed = from; seed < from + most; seed += 1) {
    try {
      await runSchedule(component, seed);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // A function may trip over what the fault left behind before the invariants are looked at.
      if (!(error instanceof Violation) && !rule.test(message)) throw error;
      return { seed, message };
    }
  }
  return null;
}
