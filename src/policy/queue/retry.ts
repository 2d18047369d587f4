/** How long a failed message waits before its next attempt. */
import type { Policies } from "../../contract/policies.js";

/**
 * Exponential backoff in ms after `attempt` failed attempts (1 = the first failure): base · factor^(attempt−1), capped, plus a
 * share of up to `jitterRatio` drawn by `random` (0..1), so that many failures of one cause do not return together.
 */
export function backoffMs(attempt: number, retry: Policies["retry"], random: number): number {
  const exponential = retry.baseDelayMs * retry.backoffFactor ** Math.max(0, attempt - 1);
  const capped = Math.min(retry.maxDelayMs, exponential);
  return Math.round(capped * (1 + retry.jitterRatio * random));
}
