import { ConvexError, convexToJson, jsonToConvex, type Value } from "convex/values";
import { z } from "zod";
import type { Args, Target } from "./types.js";

/** Status of Convex's answer when the function itself threw; the body says what. */
const FUNCTION_THREW = 560;
/** Longest wait for one answer, in ms: Convex gives an action 10 minutes, and nothing here is a long one. */
const ANSWER_TIMEOUT_MS = 60_000;
const REPEATS = 5;
/** Wait before a repeat, in ms, at random up to twice it: a conflict is over as soon as the other one has committed. */
const REPEAT_AFTER_MS = 50;
/** Refusals after which nothing was written, by Convex's own code. */
const NOTHING_WAS_WRITTEN = new Set(["OptimisticConcurrencyControlFailure", "TooManyWrites"]);

const answerSchema = z.discriminatedUnion("status", [
  z.object({ status: z.literal("success"), value: z.json() }),
  z.object({ status: z.literal("error"), errorMessage: z.string(), errorData: z.json().optional() }),
]);
const refusalSchema = z.object({ code: z.string(), message: z.string().default("") });

/** A deployment that cannot be reached, or did not do what it was asked for. */
export class DeploymentError extends Error {
  override readonly name = "DeploymentError";

  constructor(
    message: string,
    /** Convex's own, or `network`, or `unexpected_reply`. */
    readonly code: string,
  ) {
    super(message);
  }
}

/** One authorised POST to the cloud origin. @throws DeploymentError that says what is wrong and how to mend it. */
export async function post(target: Target, path: string, body: unknown): Promise<unknown> {
  const response = await reach(target.cloudUrl, path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Convex ${target.adminKey}` },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const json = parseJson(text);
  if (response.ok || response.status === FUNCTION_THREW) return json;
  const { code, message } = refusalSchema
    .catch({ code: "unexpected_reply", message: text.slice(0, 300) })
    .parse(json);
  if (response.status === 401 || response.status === 403)
    throw new DeploymentError(
      `${target.cloudUrl} refuses the admin key (${code}: ${message}). A self-hosted backend prints one with ` +
        "generate_admin_key.sh, Convex's dashboard makes deploy keys, the local platform prints CONVEX_ADMIN_KEY.",
      code,
    );
  throw new DeploymentError(`${target.cloudUrl}${path} answers ${response.status} ${code}: ${message}`, code);
}

/** Fetches from an origin. @throws DeploymentError when nothing answers. */
export async function reach(origin: string, path: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(`${origin}${path}`, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
  } catch (error) {
    throw new DeploymentError(
      `${origin} does not answer (${reasonOf(error)}). Is the deployment up?`,
      "network",
    );
  }
}

/** Runs one function once. @throws what the function throws (ConvexError with its data), or DeploymentError. */
export async function callFunction(
  target: Target,
  path: string,
  args: Args,
  componentPath: string | undefined,
): Promise<Value> {
  const answered = await post(target, "/api/function", {
    path,
    args: convexToJson(args),
    format: "convex_encoded_json",
    ...(componentPath === undefined ? {} : { componentPath }),
  });
  const answer = answerSchema.safeParse(answered);
  if (!answer.success)
    throw new DeploymentError(
      `${path}: ${target.cloudUrl} gives no answer of Convex's form`,
      "unexpected_reply",
    );
  if (answer.data.status === "success") return jsonToConvex(answer.data.value);
  const { errorMessage, errorData } = answer.data;
  if (errorData === undefined) throw new Error(`${path}: ${errorMessage}`);
  const thrown = new ConvexError(jsonToConvex(errorData));
  thrown.message = `${path}: ${errorMessage}`;
  throw thrown;
}

/** Repeats a call whose refusal says that nothing was written. */
export async function repeated<T>(call: () => Promise<T>): Promise<T> {
  for (let repeats = 0; ; repeats += 1) {
    try {
      return await call();
    } catch (error) {
      const again = error instanceof DeploymentError && NOTHING_WAS_WRITTEN.has(error.code);
      if (!again || repeats >= REPEATS) throw error;
      await new Promise((resolve) =>
        setTimeout(resolve, REPEAT_AFTER_MS * 2 ** repeats * (1 + Math.random())),
      );
    }
  }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The system's code; fetch's own message says only "fetch failed". */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string")
    return cause.code;
  return cause instanceof Error ? cause.message : String(cause);
}
