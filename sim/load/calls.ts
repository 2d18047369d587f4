import { ConvexError } from "convex/values";
import { z } from "zod";
import { setTimeout as sleep } from "node:timers/promises";
import { DeploymentError, parseJson, reasonOf } from "../deployment/functionApi.js";

/** A call that fails this often in a row ends the run: something else than a conflict is wrong. */
const MAX_FAILURES = 20;
/** First wait after a failed call, in ms; it doubles, and is spread at random, as the worker's own. */
const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 2_000;

const refusalSchema = z.object({ code: z.string() });

/** Errors that reached a caller, by code. */
export class CallErrors {
  private readonly counts = new Map<string, number>();

  count(code: string): void {
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
  }
  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }
  /** The most frequent first. */
  byCode(): [code: string, count: number][] {
    return [...this.counts].sort(([, a], [, b]) => b - a);
  }
}

/**
 * Calls until it succeeds, as a worker does: an error of the deployment is counted and the call is repeated after a short
 * random wait; an error that the function threw on purpose ends the run.
 * @param what names the call in the error.
 */
export async function persistently<T>(
  what: string,
  errors: CallErrors,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      errors.count(codeOf(error));
      if (error instanceof ConvexError || failures >= MAX_FAILURES)
        throw new Error(
          `${what} failed ${failures} times: ${error instanceof Error ? error.message : String(error)}`,
        );
      const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
      await sleep(longest * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
}

/**
 * The code of a failed call: Convex's or the function's own, else the network's. `ConvexHttpClient` makes an Error of the
 * whole body of an answer that is no success.
 */
export function codeOf(error: unknown): string {
  if (error instanceof DeploymentError) return error.code;
  const told = refusalSchema.safeParse(
    error instanceof ConvexError ? error.data : parseJson(messageOf(error)),
  );
  if (told.success) return told.data.code;
  return error instanceof Error && error.cause !== undefined ? reasonOf(error) : "server_error";
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : "");
