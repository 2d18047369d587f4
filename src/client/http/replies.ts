/** Replies of our HTTP routes: JSON, never cached, one shape for every refusal. */
import type { ErrorCode } from "../../contract/errors.js";
import { statusOfCode } from "../../contract/gateway.js";

export function jsonReply(status: number, body: Record<string, unknown>, retryAfter?: number): Response {
  const headers = new Headers({ "Content-Type": "application/json", "Cache-Control": "no-store" });
  if (retryAfter !== undefined) headers.set("Retry-After", String(retryAfter));
  return new Response(JSON.stringify(body), { status, headers });
}

export const refusal = ({ status, code, message, retryAfter }: Refused): Response =>
  jsonReply(status, { ok: false, error: { code, message } }, retryAfter);

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
