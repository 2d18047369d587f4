/** One request to the Fly Machines API: paced, timed, retried by status, its answer parsed. */
import type { z } from "zod";
import type { ProviderError } from "../providerError.js";
import type { ProviderOptions } from "../provider.js";
import { refused, timedOut, tooLate, unanswered, unreadable, type Request } from "./failure.js";
import { ACTION_RATE, Pacer, type Rate } from "./pacer.js";
import { backoffMs } from "../../../policy/retry/backoff.js";
import { parseJson } from "../../../policy/text/parseJson.js";

const FLY_API_BASE_URL = "https://api.machines.dev/v1";
/** Fly answers a create in 1 to 2.5 seconds, everything else faster. */
const REQUEST_TIMEOUT_MS = 15_000;
/** Fly's advice where it names no `Retry-After`: 1, 2, 4 seconds and some jitter; then the caller's next pass. */
const RETRY = { baseMs: 1_000, maxMs: 4_000, jitter: 0.25 };
const MOST_RETRIES = 3;
/** A longer `Retry-After` is left to the caller's next pass. */
const MAX_RETRY_AFTER_MS = 30_000;
/** Shorter environment values ("1", "true", a port) are no secrets, and removing them would spoil every message. */
const MIN_SECRET_CHARS = 8;

export interface FlyCall {
  method: "GET" | "POST" | "DELETE";
  /** Below the base URL, e.g. `/apps/x/machines`. */
  path: string;
  query?: string;
  body?: unknown;
  /** What Fly allows of this method and path. Default `ACTION_RATE`. */
  rate?: Rate;
  /** False: a repeat after an unknown outcome could act twice, so it is left to the caller. Refusals by 429 are always repeated. */
  repeatable?: false;
  /** Values in `body` that must not appear in an error. */
  sensitive?: readonly string[];
  /** Hears of each request that may have been carried out, or may yet be, although it failed. */
  onUnknown?: () => void;
}

export class FlyClient {
  private readonly baseUrl: string;
  private readonly timeoutMs: number;
  private readonly pacer: Pacer;
  private readonly sleep: (ms: number) => Promise<void>;

  constructor(
    private readonly token: string,
    private readonly options: ProviderOptions,
  ) {
    this.baseUrl = (options.baseUrl ?? "").trim().replace(/\/+$/, "") || FLY_API_BASE_URL;
    this.timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.sleep = options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    this.pacer = new Pacer(() => this.now(), this.sleep);
  }

  /**
   * Sends the call until it is answered, refused for good, or the retries are used up.
   * @throws ProviderError, and nothing else.
   */
  async send<Schema extends z.ZodType>(call: FlyCall, schema: Schema): Promise<z.output<Schema>> {
    for (let failures = 1; ; failures += 1) {
      await this.pacer.turn(`${call.method} ${call.path}`, call.rate ?? ACTION_RATE);
      if (this.now() >= (this.options.until ?? Infinity)) throw tooLate(call);
      const result = await this.attempt(call, schema);
      if (!(result instanceof Failed)) return result.value;
      const { error, retryAfterMs } = result;
      if (error.outcomeUnknown) call.onUnknown?.();
      if (failures > MOST_RETRIES || !mayRepeat(call, error) || retryAfterMs > MAX_RETRY_AFTER_MS)
        throw error;
      const random = (this.options.random ?? Math.random)();
      await this.sleep(Math.max(backoffMs(failures, RETRY, random), retryAfterMs));
    }
  }

  private async attempt<Schema extends z.ZodType>(
    call: FlyCall,
    schema: Schema,
  ): Promise<{ value: z.output<Schema> } | Failed> {
    const secrets = (call.sensitive ?? []).filter(({ length }) => length >= MIN_SECRET_CHARS);
    const bare = this.token.trim().replace(/^FlyV1 /, "");
    const request: Request = { method: call.method, path: call.path, secrets: [bare, ...secrets] };
    const signal = AbortSignal.timeout(this.timeoutMs);
    let answer: Response;
    let text: string;
    try {
      const url = `${this.baseUrl}${call.path}${call.query ? `?${call.query}` : ""}`;
      const send = this.options.fetch ?? ((target: string, init: RequestInit) => fetch(target, init));
      answer = await send(url, {
        method: call.method,
        headers: {
          authorization: authorization(this.token),
          accept: "application/json",
          ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: call.body === undefined ? undefined : JSON.stringify(call.body),
        signal,
      });
      text = await answer.text();
    } catch (cause) {
      return new Failed(signal.aborted ? timedOut(request, this.timeoutMs) : unanswered(request, cause), 0);
    }
    const requestId = answer.headers.get("fly-request-id") ?? undefined;
    if (!answer.ok) {
      const error = refused(request, { status: answer.status, body: text, requestId });
      return new Failed(error, this.retryAfterMs(answer.headers.get("retry-after")));
    }
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return { value: parsed.data };
    const issue = parsed.error.issues[0];
    const where = issue?.path.join(".") || "body";
    return new Failed(unreadable(request, `${where}: ${issue?.message}`, requestId), 0);
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }

  /** Seconds or an HTTP date; 0 when absent or unreadable. */
  private retryAfterMs(header: string | null): number {
    if (header === null) return 0;
    if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
    const at = Date.parse(header);
    return Number.isFinite(at) ? Math.max(0, at - this.now()) : 0;
  }
}

class Failed {
  constructor(
    readonly error: ProviderError,
    readonly retryAfterMs: number,
  ) {}
}

/** Tokens of `fly tokens create` begin with `FlyV1 ` and go as they are; all others are bearer tokens. */
function authorization(token: string): string {
  const trimmed = token.trim();
  return trimmed.startsWith("FlyV1 ") ? trimmed : `Bearer ${trimmed}`;
}

function mayRepeat(call: FlyCall, error: ProviderError): boolean {
  if (error.kind === "rate_limited") return true;
  const transient = error.kind === "unavailable" || error.kind === "timeout";
  return transient && (call.repeatable !== false || !error.outcomeUnknown);
}
