/** One worker takes the line in order, but for arrivals that went by a line published before: who is passed over, and how often. */
import type { Doc } from "../../src/component/_generated/dataModel.js";
import type { Commit } from "../../sim/engine/index.js";
import { must } from "../simulation/invariants.js";
import { changesOf, type Mirror } from "./mirror.js";

/** Arrivals go by a line that is at most this old, with its grid and slack (`line/line.ts`, `queue/pass.ts`). */
const LINE_AGE_MS = 5_700;
/** A look leaves the front row where it is, and newcomers enter at the tick that was served last. */
const MAX_PASSED_OVER = 2;
/** By each other flow, in turn with its own, and once more as newcomers enter at the tick that was served last. */
const MAX_OVERTAKES = 2;

type Conversation = Doc<"conversations">;
interface Waiting {
  ts: bigint;
  /** When one of its own flow that came later was taken first. Epoch ms. */
  passedOverAt?: number;
  /** How often that happened when every line published before was over. */
  passedOver: number;
  /** The highest priority among those of its flow that were taken meanwhile: its flow pays back the head start that they had. */
  mostUrgentMate: number;
  /**
   * How much more often than its own each other flow was served although it came later, and by how many points it was more
   * urgent at most. Flows take turns, so behind three of its own flow it lets three of each other one go first.
   */
  overtakenBy: Map<string, { since: number; times: number; lead: number }>;
}

const flowOf = ({ lane, workspace, band }: Conversation): string => `${lane} ${workspace} ${band}`;

export class Order {
  private readonly waiting = new Map<string, Waiting>();
  worstOvertakes = 0;
  /** Takings that passed over an earlier row of the same flow, and by how much that was earlier at most. */
  outOfOrder = 0;
  worstOutOfOrderMs = 0;
  worstPassedOver = 0;

  constructor(private readonly mirror: Mirror) {}

  after(commit: Commit, now: number): void {
    for (const { before, after } of changesOf(commit, "conversations")) {
      if (!after) continue;
      if (before?.state === "ready" && after.state === "held") this.checkTaken(before, commit, now);
      if (after.state !== "ready") this.waiting.delete(after._id);
      else if (before?.state !== "ready")
        this.waiting.set(after._id, {
          ts: commit.ts,
          passedOver: 0,
          mostUrgentMate: 0,
          overtakenBy: new Map(),
        });
    }
  }

  private checkTaken(taken: Conversation, { since }: Commit, now: number): void {
    for (const [id, waiting] of this.waiting) {
      const row = this.mirror.row("conversations", id);
      // Whoever came after the claim had begun was not there for it.
      if (id === taken._id || row?.state !== "ready" || row.lane !== taken.lane || waiting.ts > since)
        continue;
      if (flowOf(row) === flowOf(taken)) {
        waiting.mostUrgentMate = Math.max(waiting.mostUrgentMate, taken.priority);
        for (const other of waiting.overtakenBy.values()) other.times = Math.max(0, other.times - 1);
      }
      const earlierMs = taken.readyAt - row.readyAt;
      if (earlierMs <= 0) continue;
      if (flowOf(row) === flowOf(taken)) {
        if (taken.priority > row.priority) continue;
        this.outOfOrder += 1;
        this.worstOutOfOrderMs = Math.max(this.worstOutOfOrderMs, earlierMs);
        waiting.passedOverAt ??= now;
        if (now - waiting.passedOverAt > 2 * LINE_AGE_MS) waiting.passedOver += 1;
        this.worstPassedOver = Math.max(this.worstPassedOver, waiting.passedOver);
        must(
          waiting.passedOver <= MAX_PASSED_OVER,
          `${row.conversationId} is still passed over by its own flow, by ${taken.conversationId}`,
        );
      } else if (earlierMs > LINE_AGE_MS) {
        const { since, ...before } = waiting.overtakenBy.get(flowOf(taken)) ?? {
          since: now,
          times: 0,
          lead: 0,
        };
        // Until the next look newcomers go by a line that did not know of the first.
        const counts = since === now || now > since + LINE_AGE_MS;
        const times = before.times + (counts ? 1 : 0);
        const urgent = Math.max(taken.priority, waiting.mostUrgentMate);
        const lead = Math.max(before.lead, urgent - this.leastUrgentBefore(row));
        waiting.overtakenBy.set(flowOf(taken), { since, times, lead });
        this.worstOvertakes = Math.max(this.worstOvertakes, times - lead);
        must(
          times <= MAX_OVERTAKES + lead,
          `${row.conversationId} was overtaken ${times} times by a flow that is ${lead} points more urgent`,
        );
      }
    }
  }

  /** The least priority in its flow up to that row: whoever stands before it may be the one who lets others go first. */
  private leastUrgentBefore(row: Conversation): number {
    const before = this.mirror
      .rows("conversations")
      .filter(
        (other) => other.state === "ready" && flowOf(other) === flowOf(row) && other.readyAt <= row.readyAt,
      );
    return Math.min(...before.map(({ priority }) => priority));
  }
}
