/** The one error of all providers. It survives the component boundary like every error of ours (`error.data`). */
import { ConvexError } from "convex/values";
import { errorDataOf, type ErrorData } from "../../contract/errors.js";
import { cutText } from "../../policy/text/cut.js";
import { printable, redactSecrets } from "../../policy/text/redactSecrets.js";

export type ProviderErrorKind =
  /** The credential is missing, wrong or not allowed to do this. */
  | "unauthorized"
  /** The app (not a machine or volume in it) does not exist. */
  | "not_found"
  /** Refused because of the present state: name taken, volume claimed, machine in transition. */
  | "conflict"
  /** No room: region, host, or a quota of the account. */
  | "capacity"
  /** Still refused after the provider's own retries. */
  | "rate_limited"
  /** The request can never succeed as it is: bad region, guest, image, name. */
  | "invalid"
  /** The cloud failed or could not be reached. */
  | "unavailable"
  /** An answer that this version cannot read. */
  | "malformed"
  /** No answer in time. */
  | "timeout";

export interface ProviderFailure {
  kind: ProviderErrorKind;
  /** For people; never contains the credential. */
  message: string;
  /** The same call may succeed later without anybody changing anything. */
  retryable: boolean;
  /** The order may have been carried out although it failed. */
  outcomeUnknown: boolean;
  /** HTTP status, where there was an answer. */
  status?: number;
  /** The cloud's own id of the request, for its support. */
  requestId?: string;
}

export class ProviderError extends ConvexError<ErrorData> {
  readonly kind: ProviderErrorKind;
  readonly retryable: boolean;
  readonly outcomeUnknown: boolean;
  readonly status: number | undefined;
  readonly requestId: string | undefined;

  constructor(private readonly failure: ProviderFailure) {
    const { status, requestId, ...rest } = failure;
    super({
      code: "provider_failed",
      ...rest,
      ...(status === undefined ? {} : { status }),
      ...(requestId === undefined ? {} : { requestId }),
    });
    this.message = failure.message;
    this.kind = failure.kind;
    this.retryable = failure.retryable;
    this.outcomeUnknown = failure.outcomeUnknown;
    this.status = status;
    this.requestId = requestId;
  }

  /** The same failure of an order of which an earlier request may have been carried out. */
  withUnknownOutcome(): ProviderError {
    return new ProviderError({ ...this.failure, outcomeUnknown: true });
  }
}

export const isFailure = (error: unknown, kind: ProviderErrorKind): error is ProviderError =>
  error instanceof ProviderError && error.kind === kind;

/** What an operator may know of a failed call. `secrets`: what the call was given. */
export function failureOf(
  error: unknown,
  secrets: readonly string[] = [],
): { code: string; message: string; retryable: boolean; kind?: string } {
  const known = errorDataOf(error);
  if (!known) {
    console.error("fleet: unexpected error", printable(error, secrets));
    return { code: "internal", message: "Unexpected error; see the deployment's log", retryable: true };
  }
  const { code, message, kind, retryable } = known;
  return {
    code,
    message: cutText(redactSecrets(message, secrets), 1_000),
    retryable: retryable === true,
    ...(typeof kind === "string" ? { kind } : {}),
  };
}
