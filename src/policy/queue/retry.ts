/** How long a failed message waits before its next attempt. */
import type { Policies } from "../../contract/policies.js";
import { backoffMs } from "../retry/backoff.js";

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
  const { baseDelayMs: baseMs, maxDelayMs: maxMs, backoffFactor: factor, jitterRatio: jitter } = retry;
  const waitMs = backoffMs(count + 1, { baseMs, maxMs, factor, jitter }, random);
  return row.attempts < QUICK_ATTEMPTS - 1
    ? waitMs
    : Math.max(waitMs, since + retry.lateAttemptsAfterMs - now);
}
