/** Replies of our HTTP routes: JSON, never cached, one shape for every refusal. */
import type { ErrorCode } from "../../contract/errors.js";

export function jsonReply(status: number, body: Record<string, unknown>): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
  });
}

export function refusal(status: number, code: ErrorCode, message: string): Response {
  return jsonReply(status, { ok: false, error: { code, message } });
}
