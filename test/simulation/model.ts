/**
 * What an observer knows who saw every call and its answer: which messages were accepted, how often each was tried, and how it
 * ended. Compared with the rows after every step.
 */
import type { Doc } from "../../src/component/_generated/dataModel.js";
import { isEnded, must, type Rows } from "./invariants.js";

export interface Job {
  workerId: string;
  messageId: string;
  leaseId: string;
  conversationId: string;
}

interface Known {
  conversationId: string;
  maxAttempts: number;
  attempts: number;
  ended: "done" | "dead_letter" | null;
}

export class Observer {
  readonly messages = new Map<string, Known>();
  readonly keys = new Map<string, string>();
  private expired = new Set<string>();

  accepted(messageId: string, message: { conversationId: string; key?: string; maxAttempts: number }): void {
    if (message.key !== undefined) {
      const known = this.keys.get(message.key);
      must(known === undefined || known === messageId, "the same key gives the same message");
      if (known !== undefined) return;
      this.keys.set(message.key, messageId);
    }
    must(!this.messages.has(messageId), "a new message has a new id");
    const { conversationId, maxAttempts } = message;
    this.messages.set(messageId, { conversationId, maxAttempts, attempts: 0, ended: null });
  }

  failed(messageId: string): void {
    this.known(messageId).attempts += 1;
  }

  redriven(messageId: string): void {
    Object.assign(this.known(messageId), { attempts: 0, ended: null });
  }

  attemptsOf(messageId: string): number {
    return this.known(messageId).attempts;
  }

  /** Takes note of expiries and ends since the last look, and compares. */
  compare(rows: Rows): void {
    for (const lease of rows.leases) {
      if (lease.state !== "expired" || this.expired.has(lease._id)) continue;
      this.expired.add(lease._id);
      this.failed(lease.message);
    }
    must(
      rows.messages.length === this.messages.size,
      "every accepted message is there once, and nothing else",
    );
    for (const row of rows.messages) this.compareMessage(row);
    for (const { state, head, attempts, conversationId } of rows.conversations) {
      if (state === "idle" || head === undefined) continue;
      const known = this.known(head);
      must(
        attempts === known.attempts,
        `${conversationId}: ${attempts} attempts counted, ${known.attempts} made`,
      );
      must(
        attempts < known.maxAttempts,
        `${conversationId}: a message is tried at most ${known.maxAttempts} times`,
      );
    }
  }

  private compareMessage(row: Doc<"messageQueue">): void {
    const known = this.known(row._id);
    const status = row.status === "done" || row.status === "dead_letter" ? row.status : null;
    if (status !== known.ended) {
      const legal = known.ended === null || (known.ended === "dead_letter" && status === "done");
      must(legal, `${known.conversationId}: a message that ended stays ended`);
      known.ended = status;
    }
    if (status === "dead_letter")
      must(
        known.attempts >= known.maxAttempts,
        `${known.conversationId}: a dead letter has used up its attempts`,
      );
  }

  private known(messageId: string): Known {
    const known = this.messages.get(messageId);
    must(known !== undefined, "a message that nobody enqueued");
    return known;
  }
}

/** Whether a complete with this lease must be accepted: held, late while nobody replaced it, or ended by its own expiry. */
export function mayComplete(job: Job, rows: Rows): boolean {
  const lease = job.leaseId.split(".")[1];
  const conversation = rows.conversations.find(({ conversationId }) => conversationId === job.conversationId);
  if (conversation?.head === job.messageId && conversation.lease === lease) {
    return conversation.state !== "held" || conversation.holder === job.workerId;
  }
  const message = rows.messages.find(({ _id }) => _id === job.messageId);
  const row = rows.leases.find(({ _id }) => _id === lease);
  return message !== undefined && isEnded(message) && message.endedBy === lease && row?.state === "expired";
}

/** Whether the lease is in force, so that heartbeat and fail must be accepted. */
export const holds = (job: Job, rows: Rows): boolean =>
  rows.leases.some(({ _id, state }) => _id === job.leaseId.split(".")[1] && state === "live");
