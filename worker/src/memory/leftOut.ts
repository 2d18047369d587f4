/** What a snapshot does not hold, and why. */
import { cutText } from "../../../src/policy/text/cut.js";
import { shownName } from "../files/rawPath.js";

const MAX_EXAMPLES = 5;
const MAX_NAME_UNITS = 200;

/**
 * `link`, `special` (sockets, pipes, devices), `name` (no UTF-8, or nothing that an archive can hold), `too_large`,
 * `changed` (its end was cut off while it was read; zeros stand there), or the system's code (`EACCES`).
 */
export type LeftOutReason = string;

export class LeftOut {
  count = 0;
  /** How many for which reason. */
  readonly reasons: Record<LeftOutReason, number> = {};
  /** The first few, e.g. `cache/socket (special)`. */
  readonly examples: string[] = [];

  add(name: Buffer | string, reason: LeftOutReason): void {
    this.count += 1;
    this.reasons[reason] = (this.reasons[reason] ?? 0) + 1;
    if (this.examples.length < MAX_EXAMPLES)
      this.examples.push(`${cutText(shownName(name), MAX_NAME_UNITS)} (${reason})`);
  }
}
