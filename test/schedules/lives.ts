/**
 * Who is alive, as a schedule knows it: a conversation belongs to nobody who is gone, two processes never both hold one message,
 * and whoever was away for a while has what it held.
 */
import type { Doc } from "../../src/component/_generated/dataModel.js";
import { must } from "../simulation/invariants.js";
import type { Mirror } from "./mirror.js";

/**
 * A worker counts as alive for 90 s after its last sign of life, one in the middle of a message for as long as its lease, and the
 * cron looks once a minute.
 */
const GONE_AFTER_MS = 300_000;
/** An owner that does not serve it hears that with its next poll, has three minutes to let go, and may have been silent before. */
const TAKEN_WITHIN_MS = 480_000;

export interface LifeTally {
  /** Absences after which a worker came back for what it held. */
  returns: number;
  /** Calls of a second process that were refused. */
  twinsRefused: number;
  /** Returns without memory, or for other lanes. */
  changes: number;
  worstWaitMs: number;
}

type Binding = NonNullable<Doc<"workers">["binding"]>;

export class Lives {
  readonly tally: LifeTally = { returns: 0, twinsRefused: 0, changes: 0, worstWaitMs: 0 };
  private readonly calledAt = new Map<string, number>();
  private readonly holders = new Map<string, string>();

  constructor(private readonly mirror: Mirror) {}

  called(worker: string, now: number): void {
    this.calledAt.set(worker, now);
  }

  /** A process heard that it holds this. `isNamed`: processes of its worker are told apart. */
  given(
    { leaseId, messageId }: { leaseId: string; messageId: string },
    process: string,
    isNamed: boolean,
  ): void {
    const holder = this.holders.get(leaseId) ?? process;
    must(holder === process, `message ${messageId} is given to two processes, ${holder} and ${process}`);
    this.holders.set(leaseId, process);
    const lease = this.mirror.row("leases", leaseId.split(".")[1] ?? "");
    if (!isNamed || lease?.state !== "live") return;
    for (const other of this.mirror.rows("leases")) {
      if (other.worker !== lease.worker || other.state !== "live" || other._id === lease._id) continue;
      const its = this.holders.get(`${other.conversation}.${other._id}`) ?? process;
      must(its === process, `${process} is given work while ${its} holds work under the same id`);
    }
  }

  check(now: number): void {
    for (const { conversationId, owner, state, readyAt } of this.mirror.rows("conversations")) {
      if (state === "ready") this.checkWait(conversationId, now - readyAt);
      if (owner === undefined || state === "held") continue;
      const silentMs = now - (this.calledAt.get(owner) ?? now);
      must(
        silentMs <= GONE_AFTER_MS,
        `${conversationId}: belongs to nobody alive, ${owner} is silent for ${silentMs} ms`,
      );
    }
  }

  /** It was let in and says that it keeps nothing. */
  withoutMemory(worker: string): void {
    for (const { conversationId, owner } of this.mirror.rows("conversations"))
      must(owner !== worker, `${conversationId}: belongs to ${worker}, which has no memory`);
  }

  /** Everybody is silent for long: all are free. */
  end(): void {
    for (const { conversationId, owner } of this.mirror.rows("conversations"))
      must(owner === undefined, `${conversationId}: belongs to nobody alive, ${owner} has gone`);
  }

  private checkWait(conversationId: string, waitMs: number): void {
    this.tally.worstWaitMs = Math.max(this.tally.worstWaitMs, waitMs);
    must(waitMs <= TAKEN_WITHIN_MS, `${conversationId}: is ready for ${waitMs} ms, and nobody takes it`);
  }

  row(worker: string): Doc<"workers"> | null {
    return this.mirror.rows("workers").find(({ workerId }) => workerId === worker) ?? null;
  }

  /** Back after an absence that is short enough: what it held is its own to save, unless another process has its id by now. */
  back(worker: string, held: Binding | undefined, instance: string | undefined): void {
    const row = this.row(worker);
    if (held === undefined || (row !== null && row.instance !== instance)) return;
    this.tally.returns += 1;
    must(
      row?.binding?.conversation === held.conversation && row.binding.generation === held.generation,
      `${worker} may save ${held.conversationId} when it is back`,
    );
  }
}
