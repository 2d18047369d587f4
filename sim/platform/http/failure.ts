import { randomUUID } from "node:crypto";
import { ConvexError, convexToJson, type JSONValue, type Value } from "convex/values";
import { CallRefused, SystemError } from "../../engine/index.js";

/** What a client learns of a call that failed: everything, as on a development deployment. */
export function failureOf(error: unknown): { errorMessage: string; errorData?: JSONValue } {
  const prefix = `[Request ID: ${randomUUID().slice(0, 16)}] Server Error`;
  if (error instanceof CallRefused || error instanceof SystemError)
    return { errorMessage: `${prefix}\n${error.message}` };
  const thrown = error instanceof Error ? error : new Error(String(error));
  const errorMessage = `${prefix}\nUncaught ${thrown.stack ?? `${thrown.name}: ${thrown.message}`}\n`;
  return error instanceof ConvexError
    ? { errorMessage, errorData: convexToJson(error.data as Value) }
    : { errorMessage };
}
