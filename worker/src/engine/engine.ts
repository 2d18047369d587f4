/** What answers a message. The worker knows engines only through this interface. */
import type { Attachment } from "../../../src/contract/attachments.js";
import { wellFormed } from "../../../src/policy/text/cut.js";

/** A file of the message. Its name is safe, but the sender's choice; `path` is this worker's. */
export interface EngineAttachment {
  kind: Attachment["kind"];
  fileName: string;
  mimeType?: string;
  sizeBytes?: number;
  /** Where it lies on this machine while the engine runs; null when it could not be had, see `problem`. */
  path: string | null;
  problem?: string;
}

/** A file that the engine made for its answer. */
export interface EngineFile {
  fileName: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** One turn of the conversation so far; `at` is epoch ms. */
export interface EngineTurn {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  at: number;
}

/** Everything an engine may know about the message it is to answer. */
export interface EngineRequest {
  messageId: string;
  /** 1 for the first delivery of the message. */
  attempt: number;
  conversationId: string;
  agentKey: string;
  /** The user's text. Not part of `history`. */
  text: string;
  /** Oldest first, cut to the hydration window by the server. */
  history: EngineTurn[];
  metadata: Record<string, string>;
  /** The files of the message, on this machine while the engine runs. Absent: it came without. */
  attachments?: EngineAttachment[];
  /** The agent's connections as environment variables. Secrets: for the engine's program alone. */
  connections?: Record<string, string>;
  /** The operator's instructions, apart from what the user says. */
  systemPrompt?: string;
  /** Aborted when the lease is lost, the time is up or the worker is stopping: give up at once. */
  signal: AbortSignal;
}

export interface EngineReply {
  /** Blank only when there are files. Whatever it is, the worker makes it well-formed before it goes anywhere. */
  text: string;
  /** Sent after the text. */
  files?: EngineFile[];
}

/** An agent engine. `run` may be called again for a message whose earlier attempt got lost. */
export interface Engine {
  readonly name: string;
  /** true: the engine keeps the conversation's memory on disk, so a worker serves one conversation at a time with it. */
  readonly stateful: boolean;
  /** true: it can use the agent's connections; for any other they are not even looked up. */
  readonly takesConnections?: boolean;
  /** Opens what the engine needs (a connection); rejects with an {@link EngineError} when that cannot work at all. */
  start(): Promise<void>;
  /** false: it cannot take a message now; the worker claims nothing meanwhile. */
  ready(): boolean;
  /** Resolves while what the engine needs can be reached: cheap, without a run. Absent (`command`, `echo`): only a run can show it, as a program has nothing that stands ready between two runs. */
  check?(signal: AbortSignal): Promise<void>;
  /** Answers one message, or rejects with an {@link EngineError}. */
  run(request: EngineRequest): Promise<EngineReply>;
  /** Stops touching the data directory while it is archived or replaced. Called with no run in flight; then `resume`. */
  quiesce?(): Promise<void>;
  resume?(): Promise<void>;
  /** Ends what `start` opened; never rejects. */
  stop(): Promise<void>;
}

export type EngineErrorKind = "timeout" | "crashed" | "empty" | "refused" | "unavailable" | "aborted";

/**
 * What a failure says something about. `message`: this message made the run fail, and may do so again. `service`: what the
 * engine needs is down or busy (refused connections, 5xx, 429), whatever the message: it keeps its attempts.
 */
export type Blame = "message" | "service";

export interface EngineErrorOptions extends ErrorOptions {
  /** Default: `service` for `unavailable`, else `message`. */
  blames?: Blame;
  /** What of the worker is down for every message, when `service` is blamed. Default: the engine itself; null: nothing is. */
  down?: "engine" | "store" | null;
  /** How long the service asked to be left alone, in ms: waited in the queue, not here. Absent: it did not say. */
  retryAfterMs?: number | undefined;
}

/** Why an engine gave no answer. `message` is shown to operators: bounded, without secrets, made well-formed here. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly blames: Blame;
  readonly down: "engine" | "store" | null;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly kind: EngineErrorKind,
    message: string,
    /** false: a repeat cannot help (bad key, unknown model, refused input). */
    readonly retryable: boolean = kind !== "refused",
    options?: EngineErrorOptions,
  ) {
    super(wellFormed(message), options);
    this.blames = options?.blames ?? (kind === "unavailable" ? "service" : "message");
    this.down = this.blames === "message" ? null : options?.down === undefined ? "engine" : options.down;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/**
 * What broke while `name` was at work. A system call that failed (a full disk, no file descriptors left) tells about this
 * machine and not about the message. A bug is shown by its class only: its message may hold anything.
 */
export function engineErrorOf(name: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  if (error instanceof Error && "syscall" in error && "code" in error)
    return new EngineError("unavailable", `${name}: ${String(error.code)}`, true, { cause: error });
  const kind = error instanceof Error ? error.name : typeof error;
  return new EngineError("crashed", `${name}: unexpected ${kind}`, true, { cause: error });
}
