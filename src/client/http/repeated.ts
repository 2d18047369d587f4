/** Repeating what the deployment did not commit. */
import { pressureOf, repeatDelayMs, retryAfterSeconds, type Pressure } from "../../policy/calls/pressure.js";
import { refused, type Refused } from "./replies.js";

/**
 * Makes the call again when the deployment refuses to commit it (see `policy/calls/pressure.ts`), a few times; then throws what
 * it threw. Each repeat is a line in the log, `<what>: write_conflict` or `<what>: too_many_writes`, to be counted there: a
 * counter in a table would add to the pressure.
 */
export async function repeated<T>(what: string, call: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (error) {
      const pressure = pressureOf(error);
      const waitMs = pressure && repeatDelayMs(pressure, failures, Math.random());
      if (waitMs === null) throw error;
      console.warn(`${what}: ${pressure}, repeated after ${waitMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

const TEXTS: Record<Pressure, string> = {
  write_conflict: "Other calls kept changing the same data. Nothing was stored; repeat the call",
  too_many_writes: "The deployment may not write more at present. Nothing was stored; repeat the call later",
};

/** How a caller is told that repeating did not help, or null when the error is another one. */
export function pressureRefusal(error: unknown): Refused | null {
  const pressure = pressureOf(error);
  return pressure && { ...refused(pressure, TEXTS[pressure]), retryAfter: retryAfterSeconds[pressure] };
}
