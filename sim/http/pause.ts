import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits `ms`, or shorter when the server closes.
 * @returns false when it was cut short.
 */
export async function pause(ms: number, closing: AbortSignal): Promise<boolean> {
  if (closing.aborted) return false;
  if (ms <= 0) return true;
  try {
    await sleep(ms, undefined, { signal: closing });
    return true;
  } catch {
    return false;
  }
}
