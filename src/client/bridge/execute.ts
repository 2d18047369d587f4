/** Calls one function of an app behind its agent-bridge: `POST <baseUrl>/agent/execute`. */
import { parseJson } from "../../policy/text/parseJson.js";
import { backoffMs } from "../../policy/retry/backoff.js";
import { z } from "zod";
import type { ResolvedBridgeRuntimeConfig } from "./config.js";

/** What became of a call. `status` is the last HTTP status; 400 without a request when the settings are incomplete. */
export interface BridgeExecutionResult {
  success: boolean;
  status: number;
  functionKey: string;
  result?: unknown;
  error?: string;
}

interface BridgeRetry {
  /** Requests in all, default 3. */
  maxAttempts?: number;
  /** Before the second request, doubled before each further one; default 250, at least 50. */
  baseDelayMs?: number;
}

export interface BridgeCall {
  config: ResolvedBridgeRuntimeConfig;
  functionKey: string;
  args: unknown;
  /** The user on whose behalf the agent acts, sent as a bearer token. */
  userToken?: string;
  /** Further headers for the app's audit; those of the protocol cannot be replaced. */
  auditHeaders?: Record<string, string>;
  fetchImpl?: typeof fetch;
  retry?: BridgeRetry;
}

const DEFAULT_ATTEMPTS = 3;
const DEFAULT_DELAY_MS = 250;
const MIN_DELAY_MS = 50;

const reply = z.object({
  success: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
});

/**
 * Success is an HTTP success whose body says `success: true`. 429 and 5xx are tried again, anything else is final.
 * Network errors are thrown as they are. Redirects are not followed: they would carry the service key to another host.
 * Throws when a setting cannot be sent as a header, naming the header and not its value.
 */
export async function executeBridgeFunction(call: BridgeCall): Promise<BridgeExecutionResult> {
  const { config, functionKey, args, fetchImpl = fetch, retry = {} } = call;
  const request = {
    method: "POST",
    headers: headersOf(call),
    body: JSON.stringify({ functionKey, args }),
    redirect: "manual",
  } as const;
  const attempts = Math.max(1, Math.floor(retry.maxAttempts ?? DEFAULT_ATTEMPTS));
  const baseDelayMs = Math.max(MIN_DELAY_MS, retry.baseDelayMs ?? DEFAULT_DELAY_MS);
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetchImpl(`${config.baseUrl}/agent/execute`, request);
    const text = await response.text();
    const again = response.status === 429 || response.status >= 500;
    if (!again || attempt >= attempts) return outcome(functionKey, response, text);
    await new Promise((resolve) =>
      setTimeout(resolve, backoffMs(attempt, { baseMs: baseDelayMs, maxMs: Infinity })),
    );
  }
}

function outcome(functionKey: string, response: Response, text: string): BridgeExecutionResult {
  const body = reply.safeParse(parseJson(text)).data;
  const success = response.ok && body?.success === true;
  const said = typeof body?.error === "string" && body.error !== "" ? body.error : null;
  return {
    success,
    status: response.status,
    functionKey,
    ...(body?.result === undefined ? {} : { result: body.result }),
    ...(success ? {} : { error: said ?? `HTTP ${response.status}` }),
  };
}

function headersOf({ config, userToken, auditHeaders = {} }: BridgeCall): Record<string, string> {
  const token = userToken?.trim() ?? "";
  const own: Record<string, string> = {
    "Content-Type": "application/json",
    "X-Agent-Service-Id": config.serviceId,
    "X-Agent-Service-Key": config.serviceKey,
    "X-Agent-App": config.appKey,
    ...(token === "" ? {} : { Authorization: `Bearer ${token}` }),
  };
  // Names are compared without case: a second spelling of a protocol header would be joined with ours.
  const reserved = new Set([...Object.keys(own), "Authorization"].map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(auditHeaders)) {
    if (value.trim() !== "" && !reserved.has(name.toLowerCase())) own[name] = value;
  }
  for (const [name, value] of Object.entries(own)) {
    // `fetch` refuses such a value with an error that quotes it.
    if (!SENDABLE.test(value))
      throw new Error(`The agent-bridge header ${name} has characters that no header can carry`);
  }
  return own;
}

/** Visible ASCII and Latin-1, spaces and tabs: RFC 9110 section 5.5. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;
