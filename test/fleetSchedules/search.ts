/** How many schedules it takes to find a planted fault, and which troubles a violation needs. */
import type { ModuleMap } from "../../sim/engine/index.js";
import { FLEET_MODULES, loadComponent, type Replacement } from "../schedules/component.js";
import { Violation } from "../simulation/invariants.js";
import { planOf, type Trouble } from "./plan.js";
import { runFleetSchedule } from "./schedule.js";

export interface Finding {
  seed: number;
  /** The rule, the seed, what happened. */
  message: string;
}

export const loadFleet = (replacements: readonly Replacement[] = []): Promise<ModuleMap> =>
  loadComponent(replacements, FLEET_MODULES);

/** The violation of one schedule; null when there is none. */
async function violationOf(
  component: ModuleMap,
  seed: number,
  without: readonly Trouble[] = [],
): Promise<Violation | null> {
  try {
    await runFleetSchedule(component, seed, without);
    return null;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}

/** The first violation among `most` seeds from `from` on. */
export async function searchFleet(component: ModuleMap, from: number, most: number): Promise<Finding | null> {
  for (let seed = from; seed < from + most; seed += 1) {
    const violation = await violationOf(component, seed);
    if (violation) return { seed, message: violation.message };
  }
  return null;
}

/** The same rule broken with as few kinds of trouble as do: the violation, and the command that repeats it. */
export async function shrunk(component: ModuleMap, { seed, message }: Finding): Promise<string> {
  const rule = ruleOf(message);
  const without: Trouble[] = [];
  let last = message;
  for (const trouble of planOf(seed).troubles) {
    const violation = await violationOf(component, seed, [...without, trouble]);
    if (!violation || ruleOf(violation.message) !== rule) continue;
    without.push(trouble);
    last = violation.message;
  }
  const environment = without.length === 0 ? "" : ` FLEET_WITHOUT=${without.join()}`;
  return `${last}\nRepeat it: FLEET_SCHEDULE=${seed}${environment} npx vitest run test/fleetSchedules`;
}

/** What stands before the particulars. */
const ruleOf = (message: string): string => message.split(":")[1] ?? "";
