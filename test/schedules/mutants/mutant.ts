/** A fault that the schedules must find: the real source with one or two texts of it replaced. */
import type { Replacement } from "../component.js";

export interface Mutant {
  name: string;
  replacements: Replacement[];
  /** What the violation says. */
  rule: RegExp;
  /** A seed that finds it, so that the test need not try all before it. */
  from: number;
}
