/**
 * What a deployment says when it could not commit a call: somebody else's writes kept crossing it, also after Convex's own
 * retries, or the deployment may not write more in this second. Either way nothing was stored, so the same call may be made
 * again, whatever it does. Scheduled functions need none of this: Convex repeats them by itself.
 */
import { backoffMs } from "../retry/backoff.js";

/** Also the codes with which our routes say it. */
export const pressures = ["write_conflict", "too_many_writes"] as const;
export type Pressure = (typeof pressures)[number];

/**
 * The signs, at the start of an error's message. `ConvexHttpClient` makes its message of the answer's text (`{"code":…`, status 503
 * or 429); in an action `ctx.runMutation` throws the message alone, which has no other sign (crates/errors of the backend).
 */
const SIGNS: Record<Pressure, RegExp> = {
  write_conflict:
    /^(?:Uncaught Error: )?(?:\{\s*"code"\s*:\s*"OptimisticConcurrencyControlFailure"|Documents read from or written to .* changed while this mutation was being run|Data read or written in this mutation changed while it was being run)/,
  too_many_writes: /^(?:Uncaught Error: )?(?:\{\s*"code"\s*:\s*"TooManyWrites|Too many writes per second)/,
};

/** Why the deployment did not commit, or null for every other error; what a function throws on purpose has `data` and is none. */
export function pressureOf(error: unknown): Pressure | null {
  if (!(error instanceof Error) || "data" in error) return null;
  return pressures.find((pressure) => SIGNS[pressure].test(error.message)) ?? null;
}

/** How a call is repeated. Times in ms. */
interface Law {
  /** After so many repeats the caller is told; its own, slower repetition goes on from there. */
  repeats: number;
  /** The first wait lies in [shortest, first]; the longest one doubles with each further failure. */
  shortest: number;
  first: number;
}
const LAWS: Record<Pressure, Law> = {
  // At once: those who met are spread over some transactions' time, and Convex itself has waited between its attempts.
  write_conflict: { repeats: 3, shortest: 0, first: 50 },
  // The limit is one of bytes in a second, so a shorter wait meets it again.
  too_many_writes: { repeats: 2, shortest: 500, first: 1_000 },
};

/** How long to wait in ms after the `failures`-th failure in a row, or null: enough. `random` in [0, 1). */
export function repeatDelayMs(pressure: Pressure, failures: number, random: number): number | null {
  const { repeats, shortest, first } = LAWS[pressure];
  if (failures > repeats) return null;
  const longest = backoffMs(failures, { baseMs: first, maxMs: Infinity });
  return Math.round(shortest + (longest - shortest) * random);
}

/** What our routes tell a caller whose call they gave up repeating, in whole seconds. */
export const retryAfterSeconds: Record<Pressure, number> = { write_conflict: 1, too_many_writes: 2 };
