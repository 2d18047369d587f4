/** Sends an answer part by part, and knows at every moment what a farewell has to say about it. */
import type { Logger } from "pino";
import type { OutgoingFile } from "./attachments/files.js";
import type { Outbound, Recipient, SendResult } from "./channels/channel.js";
import type { LeaseHolder } from "./leaseHolder.js";
import type { Metrics } from "./metrics.js";
import type { SettleRequest } from "./transport/transport.js";

/** How far the sending of one message came. Kept pessimistic: a part counts as doubtful from before it is sent. */
export interface SendProgress {
  parts: number;
  /** The first part that certainly did not go out. */
  next: number;
  /** Parts that may or may not have arrived. */
  ambiguous: number[];
  /** The part `next` was announced, and was certainly not sent since. */
  unsent: boolean;
}

export interface SendDeps {
  outbound: Outbound;
  metrics: Metrics;
  log: Logger;
}
/** `stopped`: one part certainly did not arrive, and the rest was not tried. */
export type SendEnd =
  { kind: "all" } | { kind: "stopped"; result: Extract<SendResult, { kind: "refused" | "transient" }> };

/** A message of the text, or a file. */
export type OutgoingPart = string | OutgoingFile;

/** Sends the parts from `progress.next` on, each noted before it is sent. Rejects as the lease's writes do. */
export async function sendParts(
  deps: SendDeps,
  lease: LeaseHolder,
  parts: OutgoingPart[],
  recipient: Recipient,
  progress: SendProgress,
): Promise<SendEnd> {
  lease.note(farewell(progress, LOST_WHILE_SENDING));
  while (progress.next < parts.length) {
    const index = progress.next;
    await lease.write({ ...doubts(progress), sendingPart: index });
    progress.unsent = true;
    await lease.assure();
    progress.unsent = false;
    progress.next = index + 1;
    progress.ambiguous.push(index);
    lease.note(farewell(progress, LOST_WHILE_SENDING));
    const result = await sendOne(deps, lease, parts[index] ?? "", { ...recipient, quotes: index === 0 });
    deps.metrics.deliveries.inc({ result: result.kind });
    if (result.kind !== "ambiguous") progress.ambiguous.pop();
    if (result.kind !== "ambiguous" && result.kind !== "sent") {
      progress.next = index;
      progress.unsent = true;
    }
    lease.note(farewell(progress, LOST_WHILE_SENDING));
    if (result.kind === "sent") continue;
    deps.log.warn({ part: index, result: result.kind, reason: result.reason }, "worker.partNotConfirmed");
    // An ambiguous part is not repeated, and the rest of the answer goes on.
    if (result.kind === "refused" || result.kind === "transient") return { kind: "stopped", result };
    lease.signal.throwIfAborted();
  }
  return { kind: "all" };
}

/** Nothing leaves unless the lease holds at that moment, by this worker's own clock: the process may have been paused before. */
const sendOne = (
  { outbound }: SendDeps,
  lease: LeaseHolder,
  part: OutgoingPart,
  to: Recipient,
): Promise<SendResult> =>
  typeof part === "string"
    ? outbound.send(part, to, lease.signal, () => lease.holds())
    : outbound.sendFile(part, to, lease.signal, () => lease.holds());

const LOST_WHILE_SENDING = "the worker was lost while it sent the answer";

/** The doubtful parts, for any write after them. */
export function doubts(progress: SendProgress): SettleRequest {
  return progress.ambiguous.length === 0 ? {} : { ambiguousParts: [...progress.ambiguous] };
}

/**
 * What a worker that cannot go on says about its message, which is not to blame. It names the next part, so that nothing that
 * was sent, or may have been, is sent again by whoever takes over, and what was not is.
 */
export function farewell(progress: SendProgress | null, errorMessage: string): SettleRequest {
  const outcome = { kind: "fail", errorMessage, retryable: true, blames: "service" } as const;
  if (progress === null) return { outcome };
  if (progress.next >= progress.parts) return { ...doubts(progress), outcome: { kind: "complete" } };
  return { ...doubts(progress), sendingPart: progress.next, outcome };
}
