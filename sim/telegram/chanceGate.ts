import type { Random } from "../faults/index.js";
import type { Chance } from "./types.js";

/** Counts down one {@link Chance}. */
export class ChanceGate {
  private left: number;

  constructor(
    private readonly chance: Chance | undefined,
    private readonly random: Random,
  ) {
    this.left = chance?.count ?? Infinity;
  }

  /** True when the fault happens now. */
  take(): boolean {
    if (!this.chance || this.left <= 0) return false;
    if (this.chance.probability !== undefined && this.random() >= this.chance.probability) return false;
    this.left -= 1;
    return true;
  }
}
