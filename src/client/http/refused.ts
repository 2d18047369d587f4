/** A refused call as every route tells it. */
import type { ErrorCode } from "../../contract/errors.js";
import { statusOfCode } from "../../contract/gateway.js";

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
