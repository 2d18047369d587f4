/**
 * What a refused or unanswered request means. The HTTP status decides; words of the body are looked at only to tell
 * "no room" from other refusals, which chooses a region and never declares anything gone or done.
 */
import { ProviderError, type ProviderErrorKind } from "../providerError.js";
import { zErrorBody } from "./wire.js";
import { cutText } from "../../../policy/text/cut.js";
import { redactSecrets } from "../../../policy/text/redactSecrets.js";

/** A refusal that is longer says nothing more to an operator. */
const MAX_TEXT_CHARS = 500;
/** `status` words of Fly's error bodies for "no room". */
const CAPACITY_STATUS = new Set(["insufficient_capacity", "volume_placement_capacity"]);
const CAPACITY_TEXT =
  /no capacity|insufficient (resources|cpus|memory|capacity)|could not find a candidate host|over the allowed quota/i;

export interface Request {
  method: string;
  /** Path below the base URL, without the query. */
  path: string;
  /** Values that must never be seen in an error: the credential, environment values. */
  secrets: readonly string[];
}

const isWrite = (request: Request) => request.method !== "GET";

/** `Fly API <METHOD> <path> failed: <what>`, the text of 1.0.11, with secrets removed. */
function failureText(request: Request, what: string): string {
  const text = redactSecrets(what.trim() === "" ? "(empty answer)" : what.trim(), request.secrets);
  return `Fly API ${request.method} ${request.path} failed: ${cutText(text, MAX_TEXT_CHARS)}`;
}

/** The error for an answer that is not 2xx. */
export function refused(
  request: Request,
  answer: { status: number; body: string; requestId?: string },
): ProviderError {
  const kind = refusalKind(answer.status, answer.body);
  const unanswered = answer.status >= 500 || answer.status === 408;
  return new ProviderError({
    kind,
    message: failureText(request, answer.body === "" ? `HTTP ${answer.status}` : answer.body),
    retryable: kind !== "unauthorized" && kind !== "invalid" && kind !== "not_found" && answer.status !== 403,
    outcomeUnknown: unanswered && isWrite(request),
    status: answer.status,
    requestId: answer.requestId,
  });
}

function refusalKind(status: number, body: string): ProviderErrorKind {
  if (status >= 500) return "unavailable";
  if (status === 401) return "unauthorized";
  if (status === 404) return "not_found";
  if (status === 408) return "timeout";
  if (status === 429) return "rate_limited";
  if (saysNoRoom(body)) return "capacity";
  if (status === 403) return "unauthorized";
  if (status === 409 || status === 412) return "conflict";
  return "invalid";
}

function saysNoRoom(body: string): boolean {
  const { error, message, status } = errorBody(body);
  return (
    (status !== undefined && CAPACITY_STATUS.has(status)) || CAPACITY_TEXT.test(error ?? message ?? body)
  );
}

function errorBody(body: string) {
  try {
    return zErrorBody.parse(JSON.parse(body));
  } catch {
    return {};
  }
}

/** The id in a 409 of a taken name: `... machine ID <id> already exists with name ...`; null when it says something else. */
export function existingMachineId(body: string): string | null {
  return /machine ID ([0-9a-z]+) already exists/i.exec(body)?.[1] ?? null;
}

/** The error for a connection that broke or was never made. The words of `fetch` stay out: they may quote a header. */
export const unanswered = (request: Request, cause: unknown): ProviderError =>
  unknownOutcome("unavailable", request, `no answer (${networkCode(cause)})`);

export const timedOut = (request: Request, timeoutMs: number): ProviderError =>
  unknownOutcome("timeout", request, `no answer within ${timeoutMs} ms`);

/** The error for a 2xx answer that cannot be read. `what` names the first field that is wrong, not its value. */
export const unreadable = (request: Request, what: string, requestId?: string): ProviderError =>
  unknownOutcome("malformed", request, `unreadable reply: ${what}`, requestId);

/** What was ordered may have been carried out. */
const unknownOutcome = (kind: ProviderErrorKind, request: Request, what: string, requestId?: string) =>
  new ProviderError({
    kind,
    message: failureText(request, what),
    retryable: true,
    outcomeUnknown: isWrite(request),
    requestId,
  });

function networkCode(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" && /^[A-Z_0-9]{3,40}$/.test(code) ? code : "network error";
}

/** Nothing was sent: the time of whoever wanted it is over. */
export function tooLate({ method, path }: Pick<Request, "method" | "path">): ProviderError {
  const message = `Fly API ${method} ${path} failed: not sent, because its time was over`;
  return new ProviderError({ kind: "timeout", message, retryable: true, outcomeUnknown: false });
}

/** Nothing was sent: the caller's regions are empty. */
export function noRegion(path: string): ProviderError {
  const message = `Fly API POST ${path} failed: no region was given`;
  return new ProviderError({ kind: "invalid", message, retryable: false, outcomeUnknown: false });
}
