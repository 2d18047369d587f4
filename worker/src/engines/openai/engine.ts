/** Any server with OpenAI's `POST /chat/completions`, streamed. Keeps no state: the history goes along each time. */
import type { Dispatcher } from "undici";
import { backoffMs, equalJitter } from "../../../../src/policy/retry/backoff.js";
import type { Clock } from "../../clock.js";
import { systemCode } from "../../memory/memoryError.js";
import { EngineError, type Engine, type EngineRequest } from "../../engine/engine.js";
import { readAnswer } from "./answer.js";
import { failureOf, notTaken, wordsOfBody, type Told, type Without } from "./failure.js";
import { messagesOf } from "./messages.js";
import { patient } from "./patience.js";
import { retryAfterMs } from "../retryAfter.js";

export interface OpenAiOptions {
  /** Up to and with the version, without a trailing slash, e.g. `https://api.openai.com/v1`. */
  baseUrl: string;
  model: string;
  /** Absent for servers without authentication. */
  apiKey?: string;
  clock: Clock;
  fetch?: typeof fetch;
}

/** Tries within one run for busy or failing servers. */
const MAX_TRIES = 3;
const backoff = equalJitter(500, 8_000);
/** A server's `retry-after` beyond this goes back to the queue, in ms. */
const LONGEST_RETRY_AFTER_MS = 20_000;
/** Of an error's body, in bytes. */
const MAX_ERROR_BYTES = 64 * 1024;

/** Creates the engine. */
export function createOpenAiEngine(options: OpenAiOptions): Engine {
  return {
    name: "openai",
    stateful: false,
    start: () => Promise.resolve().then(() => void headersOf(options)),
    ready: () => true,
    check: (signal) => lookAtServer(options, signal),
    stop: () => Promise.resolve(),
    run: async (request) => ({ text: await answerOf(options, request) }),
  };
}

/** Rejects a key that no header can carry: it is no broken connection, and no repeat mends it. */
function headersOf({ apiKey }: OpenAiOptions): Headers {
  const headers = new Headers({
    "content-type": "application/json",
    accept: "text/event-stream, application/json",
  });
  try {
    if (apiKey !== undefined) headers.set("authorization", `Bearer ${apiKey}`);
  } catch {
    // The platform's own error repeats the key.
    const reason = "openai: the key holds a character that no HTTP header may carry";
    throw new EngineError("refused", reason, false, { blames: "service" });
  }
  return headers;
}

/** Costs no tokens. A server that lists no models, or not to this key, says so: it is up, and the next run shows the rest. */
async function lookAtServer(options: OpenAiOptions, signal: AbortSignal): Promise<void> {
  const headers = headersOf(options);
  const init: RequestInit = { headers, redirect: "manual", signal };
  const { status, body } = await (options.fetch ?? fetch)(`${options.baseUrl}/models`, init);
  await body?.cancel();
  if (status >= 500 || status === 429) throw new EngineError("unavailable", `openai: HTTP ${status}`);
}

async function answerOf(options: OpenAiOptions, request: EngineRequest): Promise<string> {
  const { clock } = options;
  const without = new Set<Without>();
  for (let tries = 1; ;) {
    const attempt = await tryOnce(options, request, without);
    if (typeof attempt === "string") return attempt;
    const refused = attempt.told === null ? null : notTaken(attempt.told);
    if (refused !== null && !without.has(refused) && has(request, refused)) {
      without.add(refused);
      continue;
    }
    const { error } = attempt;
    const waitMs = error.retryAfterMs ?? backoffMs(tries, backoff, clock.random());
    if (!error.retryable || tries >= MAX_TRIES || waitMs > LONGEST_RETRY_AFTER_MS) throw error;
    tries += 1;
    await clock.sleep(waitMs, request.signal);
    if (request.signal.aborted) throw new EngineError("aborted", "openai: aborted");
  }
}

function has({ systemPrompt, history, attachments = [] }: EngineRequest, part: Without): boolean {
  if (part === "pictures") return attachments.length > 0;
  return systemPrompt !== undefined || history.some(({ role }) => role === "system");
}

/** The answer, or why there is none: `told` is what the server said, null when it was not reached. */
async function tryOnce(
  options: OpenAiOptions,
  request: EngineRequest,
  without: ReadonlySet<Without>,
): Promise<string | { error: EngineError; told: Told | null }> {
  const { apiKey, clock } = options;
  const headers = headersOf(options);
  try {
    // The platform's type does not know the way out.
    const init: RequestInit & { dispatcher: Dispatcher } = {
      method: "POST",
      headers,
      body: JSON.stringify({
        model: options.model,
        messages: await messagesOf(request, without),
        stream: true,
      }),
      redirect: "manual",
      signal: request.signal,
      dispatcher: patient,
    };
    const response = await (options.fetch ?? fetch)(`${options.baseUrl}/chat/completions`, init);
    if (response.ok) return await readAnswer(response.body, apiKey);
    const body = await beginningOf(response);
    const told = {
      status: response.status,
      words: wordsOfBody(body, apiKey),
      retryAfterMs: retryAfterMs(response.headers, body, clock.now()),
    };
    return { error: failureOf(told), told };
  } catch (error) {
    if (request.signal.aborted) throw new EngineError("aborted", "openai: aborted");
    if (error instanceof EngineError) throw error;
    const reason = `openai: the connection failed (${systemCode(error)})`;
    return { error: new EngineError("unavailable", reason, true, { cause: error }), told: null };
  }
}

async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_ERROR_BYTES) break;
    }
  } catch {
    // The status and what came of the words say enough.
  }
  return Buffer.concat(chunks).toString("utf8");
}
