/** Any server with OpenAI's `POST /chat/completions`, streamed. Keeps no state: the history goes along each time. */
import { z } from "zod";
import { backoffMs } from "../../policy/worker/backoff.js";
import { textWithFiles } from "../attachments/files.js";
import { imageParts } from "../attachments/imageParts.js";
import type { Clock } from "../clock.js";
import { EngineError, type Engine, type EngineRequest } from "./engine.js";
import { readEventData } from "./sse.js";

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
const maxTries = 3;
const retryBaseMs = 500;
const retryMaxMs = 8_000;
/** A server's `retry-after` beyond this goes back to the queue, in ms. */
const longestRetryAfterMs = 20_000;
/** Longest accepted answer, in UTF-16 units: far above any model's output, it stops a stream that never ends. */
const maxAnswerUnits = 1_000_000;

const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  error: z.object({ message: z.string() }).nullish(),
});
const wholeSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1),
});
const errorSchema = z.object({ error: z.object({ message: z.string() }) });

/** Creates the engine. */
export function createOpenAiEngine(options: OpenAiOptions): Engine {
  const { clock } = options;
  return {
    name: "openai",
    stateful: false,
    start: () => Promise.resolve(),
    ready: () => true,
    stop: () => Promise.resolve(),
    async run(request) {
      for (let tries = 1; ; tries += 1) {
        const attempt = await tryOnce(options, request);
        if (attempt.kind === "answer") {
          if (attempt.text.trim() === "") throw new EngineError("empty", "openai: the answer is empty");
          return { text: attempt.text };
        }
        const waitMs = attempt.retryAfterMs ?? backoffMs(tries, clock.random(), retryBaseMs, retryMaxMs);
        if (tries >= maxTries || waitMs > longestRetryAfterMs) throw attempt.error;
        await clock.sleep(waitMs, request.signal);
        if (request.signal.aborted) throw new EngineError("aborted", "openai: aborted");
      }
    },
  };
}

type Attempt =
  { kind: "answer"; text: string } | { kind: "busy"; error: EngineError; retryAfterMs: number | null };

async function tryOnce(options: OpenAiOptions, request: EngineRequest): Promise<Attempt> {
  try {
    const response = await (options.fetch ?? fetch)(`${options.baseUrl}/chat/completions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
      },
      body: JSON.stringify({ model: options.model, messages: await messagesOf(request), stream: true }),
      redirect: "manual",
      signal: request.signal,
    });
    if (response.status === 200) return { kind: "answer", text: await readAnswer(response) };
    const reason = `openai: HTTP ${response.status}: ${redact(await errorText(response), options.apiKey)}`;
    if (response.status !== 429 && response.status !== 408 && response.status < 500)
      throw new EngineError("refused", reason);
    const error = new EngineError("unavailable", reason);
    return { kind: "busy", error, retryAfterMs: retryAfterMs(response.headers.get("retry-after")) };
  } catch (error) {
    if (request.signal.aborted) throw new EngineError("aborted", "openai: aborted");
    if (error instanceof EngineError) throw error;
    return {
      kind: "busy",
      error: new EngineError("unavailable", "openai: the connection failed"),
      retryAfterMs: null,
    };
  }
}

async function messagesOf(request: EngineRequest): Promise<{ role: string; content: unknown }[]> {
  const system =
    request.systemPrompt === undefined ? [] : [{ role: "system", content: request.systemPrompt }];
  // A stored tool turn has no call id, without which the API refuses the role `tool`.
  const history = request.history.map(({ role, content }) => ({
    role: role === "tool" ? "system" : role,
    content,
  }));
  return [...system, ...history, { role: "user", content: await contentOf(request) }];
}

/** Pictures go along as data; the other files are named, since the API takes no others. */
async function contentOf(request: EngineRequest): Promise<unknown> {
  const images = await imageParts(request.attachments ?? []);
  const text = textWithFiles(request, false);
  return images.length === 0 ? text : [{ type: "text", text }, ...images];
}

/** The text of a streamed answer, or of a whole one from a server that cannot stream. */
async function readAnswer(response: Response): Promise<string> {
  if (!(response.headers.get("content-type") ?? "").includes("text/event-stream")) {
    const whole = wholeSchema.safeParse(parseJson(await response.text()));
    if (!whole.success) throw new EngineError("crashed", "openai: answer of an unexpected shape");
    return whole.data.choices[0]?.message.content ?? "";
  }
  if (response.body === null) return "";
  let text = "";
  let finished = false;
  for await (const data of readEventData(response.body)) {
    if (data === "[DONE]") {
      finished = true;
      break;
    }
    const chunk = chunkSchema.safeParse(parseJson(data));
    if (!chunk.success) throw new EngineError("crashed", "openai: stream event of an unexpected shape");
    if (chunk.data.error)
      throw new EngineError("unavailable", "openai: the server reported an error in the stream");
    const choice = chunk.data.choices[0];
    text += choice?.delta?.content ?? "";
    if (choice?.finish_reason) finished = true;
    if (text.length > maxAnswerUnits) throw new EngineError("refused", "openai: the answer does not end");
  }
  // Half an answer would be recorded and sent as if it were whole.
  if (!finished) throw new EngineError("unavailable", "openai: the stream broke off");
  return text;
}

async function errorText(response: Response): Promise<string> {
  const parsed = errorSchema.safeParse(parseJson(await response.text()));
  return parsed.success ? parsed.data.error.message.slice(0, 300) : "no error message";
}

/** Some servers repeat the key they refused. */
const redact = (text: string, apiKey: string | undefined): string =>
  (apiKey === undefined || apiKey === "" ? text : text.replaceAll(apiKey, "[redacted]")).replace(
    /\bsk-[\w*-]{4,}/g,
    "[redacted]",
  );

function retryAfterMs(header: string | null): number | null {
  const seconds = Number(header);
  return header === null || header.trim() === "" || !Number.isFinite(seconds) || seconds < 0
    ? null
    : seconds * 1000;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
