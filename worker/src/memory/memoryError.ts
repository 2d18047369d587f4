import { EngineError } from "../engine/engine.js";
import { TransportError } from "../transport/transport.js";

/**
 * `damaged`: the archive is not what it should be; `foreign`: the disk holds unsaved memory of another conversation;
 * `not_bound`: the component does not see this worker as the conversation's; `too_large`; `unavailable`: disk or network.
 */
export type MemoryErrorKind = "damaged" | "foreign" | "not_bound" | "too_large" | "unavailable";

/**
 * Why the memory could not be restored or saved. For a message in hand it is one more reason why the engine cannot run, and
 * always worth a repeat: another worker, or an operator, may mend it. `message` holds no URL and no content.
 */
export class MemoryError extends EngineError {
  constructor(
    readonly reason: MemoryErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super("unavailable", `memory: ${message}`, true, { ...options, down: null });
  }
}

/** The system's code (`ENOSPC`, `EACCES`), which says enough; its message would hold a path. */
export function systemCode(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string")
    return cause.code;
  return error instanceof Error ? error.name : "unknown error";
}

/** As an error of the memory, whatever failed. */
export function memoryErrorOf(error: unknown): MemoryError {
  if (error instanceof MemoryError) return error;
  if (error instanceof TransportError)
    return new MemoryError("unavailable", `the component could not be asked (${error.code})`, {
      cause: error,
    });
  return new MemoryError("unavailable", `the data directory cannot be used (${systemCode(error)})`, {
    cause: error,
  });
}
