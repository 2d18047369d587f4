import { ConvexError, convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";

/** The reasons for which Convex refuses a call before it runs; the message is Convex's own. */
export class CallRefused extends Error {}

/**
 * A call that failed for no fault of the function. Over HTTP Convex answers these with the status and `{code, message}`,
 * of which `ConvexHttpClient` makes an Error whose message is that text; inside an action, `ctx.runMutation` throws an
 * Error with the message (crates/errors/src/lib.rs, `http_status_code` and `user_occ`).
 */
export class SystemError extends Error {
  constructor(
    readonly code: string,
    readonly status: 400 | 429 | 503,
    message: string,
  ) {
    super(message);
  }
}

/** Every attempt of a mutation met somebody else's commit. */
export class WriteConflict extends SystemError {
  constructor(table: string, changedBy: string) {
    super(
      "OptimisticConcurrencyControlFailure",
      503,
      `Documents read from or written to the "${table}" table changed while this mutation was being run and on every subsequent retry. ${changedBy}. See https://docs.convex.dev/error#1`,
    );
  }
}

/** The deployment has been written to faster than its class allows. */
export class TooManyWrites extends SystemError {
  constructor(bytesPerSecond: number) {
    super(
      "TooManyWrites",
      429,
      `Too many writes per second. Your deployment is limited to ${bytesPerSecond} bytes written per 1 second. Reduce your write rate or upgrade to a larger class.`,
    );
  }
}

/** The action that makes this call has died (`interruptAction`). */
export class Interrupted extends Error {
  constructor() {
    super("The action was cut off");
  }
}

/** Text with half a surrogate pair in it, which UTF-8 cannot carry. */
export class InvalidArguments extends SystemError {
  constructor() {
    super("InvalidArguments", 400, "Invalid arguments provided");
  }
}

const CONVEX_ERROR = Symbol.for("ConvexError");

/** What a function threw, with the data of a `ConvexError` as a value again; its library leaves it as JSON text. */
export function thrownBy(error: unknown): Error {
  if (error instanceof Error && CONVEX_ERROR in error && "data" in error && typeof error.data === "string") {
    const data = jsonToConvex(JSON.parse(error.data) as JSONValue);
    const restored = new ConvexError<Value>(data);
    restored.message = error.message;
    if (error.stack) restored.stack = error.stack;
    return restored;
  }
  return error instanceof Error ? error : new Error(String(error));
}

/** As the library of the calling function expects it from a call to the platform. */
export function forCaller(error: unknown): Error {
  if (!(error instanceof ConvexError)) return error instanceof Error ? error : new Error(String(error));
  return Object.assign(new Error(error.message), { data: convexToJson(error.data as Value) });
}
