import type { Random } from "../faults/index.js";
import type { WorkerCall } from "../../src/contract/gateway.js";

/** A way in: the three routes for workers, the functions that the app exports, Telegram's webhook. */
export type Door = "gateway" | "workspace" | "image" | "api" | "webhook";

/** One function behind one door. */
export interface Target {
  door: Exclude<Door, "webhook">;
  call: WorkerCall;
  /** Its name there. */
  name: string;
}

/** What a caller presents: a token for the header or the argument, an alias for the path. */
export interface Credential {
  token: string;
  alias: string;
}

/** One HTTP request, ready to be sent. */
export interface Attempt {
  url: string;
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

/** A reply of any door in one form. `code` null: none was given. */
export interface Reply {
  /** 0: no answer at all. */
  status: number;
  ok: boolean;
  code: string | null;
  value: unknown;
  retryAfter: string | null;
}

/** What the documentation says a hostile call meets. */
export type Expected =
  | { status: number; code: string | null }
  /** Answered, but with a value that says no. */
  | { status: 200; refusedBy: (value: unknown) => boolean };

/** Answered like any call: what it did is looked up. */
export const answered: Expected = { status: 200, refusedBy: () => true };

export interface HostileCase {
  /** The class; each has a control call per door. */
  kind: string;
  door: Door;
  /** For the log. */
  label: string;
  build(random: Random): Attempt;
  expected: Expected;
  /** The same target with right credentials; absent for the webhook, and for users' functions. */
  target: Target | null;
  /** What the call did all the same, or null: looked up afterwards where an answer alone says too little. */
  damage?: (reply: Reply) => Promise<string | null>;
  /** For users' functions: a call that must succeed, or damage that must be seen; a fault, or null. */
  control?: (send: (attempt: Attempt) => Promise<Reply>) => Promise<string | null>;
}

export interface Verdict {
  seed: number;
  calls: number;
  succeeded: number;
  crashed: number;
  undocumented: number;
  controls: number;
  controlsSucceeded: number;
  /** How many calls of each kind there were. */
  kinds: Record<string, number>;
  seconds: number;
}
