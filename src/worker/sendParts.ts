/** Sends an answer part by part, and knows at every moment what a farewell has to say about it. */
import type { Logger } from "pino";
import type { OutgoingFile } from "./attachments/files.js";
import type { Delivery, Recipient } from "./delivery/delivery.js";
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
}

export interface SendDeps {
  delivery: Delivery;
  metrics: Metrics;
  log: Logger;
}
/** `stopped`: one part certainly did not arrive, and the rest was not tried. */
export type SendEnd = { kind: "all" } | { kind: "stopped"; reason: string; retryable: boolean };

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
  for (const [index, part] of parts.entries()) {
    if (index < progress.next) continue;
    await lease.write({ ...doubts(progress), sendingPart: index });
    lease.signal.throwIfAborted();
    progress.next = index + 1;
    progress.ambiguous.push(index);
    lease.note(farewell(progress, lostWhileSending));
    const to = { ...recipient, quotes: index === 0 };
    const result =
      typeof part === "string"
        ? await deps.delivery.send(part, to, lease.signal)
        : await deps.delivery.sendFile(part, to, lease.signal);
    deps.metrics.deliveries.inc({ result: result.kind });
    if (result.kind !== "ambiguous") progress.ambiguous.pop();
    if (result.kind === "refused" || result.kind === "transient") progress.next = index;
    lease.note(farewell(progress, lostWhileSending));
    if (result.kind === "sent") continue;
    deps.log.warn({ part: index, result: result.kind, reason: result.reason }, "worker.partNotConfirmed");
    if (result.kind === "ambiguous") continue; // not repeated, and the rest of the answer goes on
    return { kind: "stopped", reason: result.reason, retryable: result.kind === "transient" };
  }
  return { kind: "all" };
}

const lostWhileSending = "the worker was lost while it sent the answer";

/** The doubtful parts, for any write after them. */
export function doubts(progress: SendProgress): SettleRequest {
  return progress.ambiguous.length === 0 ? {} : { ambiguousParts: [...progress.ambiguous] };
}

/**
 * What a worker that cannot go on says about its message. It names the next part, so that nothing that was sent, or may
 * have been, is sent again by whoever takes over.
 */
export function farewell(progress: SendProgress | null, errorMessage: string): SettleRequest {
  const outcome = { kind: "fail", errorMessage, retryable: true } as const;
  if (progress === null) return { outcome };
  if (progress.next >= progress.parts) return { ...doubts(progress), outcome: { kind: "complete" } };
  return { ...doubts(progress), sendingPart: progress.next, outcome };
}
