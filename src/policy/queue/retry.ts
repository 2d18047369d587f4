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

/** So many attempts follow each other by the backoff alone. */
const QUICK_ATTEMPTS = 3;

/** What a conversation knows of the failures of its head; `failing` is absent before the first. */
export interface Failed {
  /** Those that count against `maxAttempts`. */
  attempts: number;
  /** `since`: epoch ms of the first failure; `count`: all failures, also those that were no attempts. */
  failing?: { since: number; count: number } | undefined;
}

/** A service that goes on ordering waits is believed for this many times the age at which its failures alone end a message. */
const ORDERED_AGES = 4;

/**
 * When failures of a service end the message, epoch ms. `serviceSince`: the first of them, later by the waits that the service ordered:
 * these were not spent trying.
 */
export const giveUpAt = (failing: { since: number; serviceSince: number }, maxAgeMs: number): number =>
  Math.min(failing.serviceSince + maxAgeMs, failing.since + ORDERED_AGES * maxAgeMs);

/** How long to wait in ms after the delivery that is handed out at `now`, should it fail. */
export function retryWaitMs(row: Failed, retry: Policies["retry"], now: number, random: number): number {
  const { since, count } = row.failing ?? { since: now, count: row.attempts };
  const waitMs = backoffMs(count + 1, retry, random);
  return row.attempts < QUICK_ATTEMPTS - 1
    ? waitMs
    : Math.max(waitMs, since + retry.lateAttemptsAfterMs - now);
}
