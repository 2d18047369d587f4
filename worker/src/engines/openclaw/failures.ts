import { cutText, wellFormed } from "../../../../src/policy/text/cut.js";
import { EngineError } from "../../engine/engine.js";
import type { GatewayErrorShape } from "./frames.js";

/** The connection ended before the answer came: what happened to the request is unknown. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** The gateway did not let this client in. */
export class ConnectRefused extends Error {
  override readonly name = "ConnectRefused";

  constructor(
    message: string,
    /** true: nothing but a changed configuration helps (wrong token, wrong protocol). */
    readonly permanent: boolean,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** Why a signal was aborted, as an error. */
export function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("aborted");
}

/** Foreign text may be long; operators need its beginning. */
const MAX_FOREIGN_TEXT = 200;

/** Foreign text cut to a length fit for an error message, with the token taken out should it be echoed. */
export function foreignText(text: string, token: string): string {
  const clean = token === "" ? text : text.replaceAll(token, "***");
  return clean.length > MAX_FOREIGN_TEXT ? `${cutText(clean, MAX_FOREIGN_TEXT)}...` : wellFormed(clean);
}

/** `CODE/DETAIL: message` of a gateway error. */
export function describeGatewayError(error: GatewayErrorShape | undefined, token: string): string {
  if (!error) return "no reason given";
  const detail = error.details?.code ?? error.details?.reason;
  return `${error.code}${detail ? `/${detail}` : ""}: ${foreignText(error.message, token)}`;
}

/** What a run rejects with when no usable connection could be had. */
export function unavailable(reason: string, retryAfterMs?: number): EngineError {
  return new EngineError("unavailable", `openclaw gateway unavailable: ${reason}`, true, { retryAfterMs });
}
