/** One worker takes the line in order, but for arrivals that went by a line published before: who is passed over, and how often. */
import type { Doc } from "../../src/component/_generated/dataModel.js";
import type { Commit } from "../../sim/engine/index.js";
import { must } from "../simulation/invariants.js";
import { changesOf, type Mirror } from "./mirror.js";

/** Arrivals go by a line that is at most this old, with its grid and slack (`line/line.ts`, `queue/pass.ts`). */
const LINE_AGE_MS = 5_700;
/** A look leaves the front row where it is, and newcomers enter at the tick that was served last. */
const MAX_PASSED_OVER = 2;

type Conversation = Doc<"conversations">;
interface Waiting {
  ts: bigint;
  /** When one of its own flow that came later was taken first. Epoch ms. */
  passedOverAt?: number;
  /** How often that happened when every line published before was over. */
  passedOver: number;
  /** How often each other flow was served although it came later, and by how many points it was more urgent at most. */
  overtakenBy: Map<string, { times: number; lead: number }>;
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
        this.waiting.set(after._id, { ts: commit.ts, passedOver: 0, overtakenBy: new Map() });
    }
  }

  private checkTaken(taken: Conversation, { since }: Commit, now: number): void {
    for (const [id, waiting] of this.waiting) {
      const row = this.mirror.row("conversations", id);
      // Whoever came after the claim had begun was not there for it.
      if (id === taken._id || row?.state !== "ready" || row.lane !== taken.lane || waiting.ts > since)
        continue;
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
        const before = waiting.overtakenBy.get(flowOf(taken)) ?? { times: 0, lead: 0 };
        const times = before.times + 1;
        const lead = Math.max(before.lead, taken.priority - row.priority);
        waiting.overtakenBy.set(flowOf(taken), { times, lead });
        this.worstOvertakes = Math.max(this.worstOvertakes, times - lead);
        must(
          times <= 3 + lead,
          `${row.conversationId} was overtaken ${times} times by a flow that is ${lead} points more urgent`,
        );
      }
    }
  }
}
