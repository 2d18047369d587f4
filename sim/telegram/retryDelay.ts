import type { Random } from "../faults/index.js";

/** Longest `Retry-After` Telegram obeys, in seconds. */
const MAX_RETRY_AFTER_S = 3600;

/**
 * Seconds Telegram waits after the `failures`-th failed delivery of an update: at once, then 2, 4, 8 ... up to a
 * random 60 to 120, unless the receiver asked for a time in `Retry-After`.
 */
export function retryDelaySeconds(failures: number, random: Random, retryAfter?: string): number {
  if (retryAfter !== undefined && /^\d+$/.test(retryAfter))
    return Math.min(Number(retryAfter), MAX_RETRY_AFTER_S);
  if (failures <= 1) return 0;
  return Math.min(2 ** (failures - 1), 60 + 60 * random());
}
