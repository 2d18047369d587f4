/** Replies of our HTTP routes: JSON, never cached, one shape for every refusal. */
import type { ErrorCode } from "../../contract/errors.js";
import { statusOfCode } from "../../contract/gateway.js";

export function jsonReply(
  status: number,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers },
  });
}

export function refusal(status: number, code: ErrorCode, message: string, retryAfter?: number): Response {
  const headers = retryAfter === undefined ? undefined : { "Retry-After": String(retryAfter) };
  return jsonReply(status, { ok: false, error: { code, message } }, headers);
}

export interface Refused {
  status: number;
  code: ErrorCode;
  message: string;
  /** Seconds. */
  retryAfter?: number;
}

export const refused = (code: ErrorCode, message: string): Refused => ({
  status: statusOfCode[code] ?? 400,
  code,
  message,
});
