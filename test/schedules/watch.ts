/** Everything that must hold after each commit of a schedule. The first violation ends it. */
import type { Commit, Engine } from "../../sim/engine/index.js";
import { checkRows, must } from "../simulation/invariants.js";
import { Observer } from "../simulation/model.js";
import { Lives } from "./lives.js";
import { Looks } from "./looks.js";
import { changesOf, Mirror } from "./mirror.js";
import { Order } from "./order.js";
import { describeCommit } from "./trace.js";

/** Commits that a violation is told with. */
const TRACED = 30;
const QUEUE_TABLES = new Set(["conversations", "messageQueue", "leases"]);

export class Watch {
  readonly mirror = new Mirror();
  readonly observer = new Observer();
  readonly looks: Looks;
  readonly lives: Lives;
  readonly order: Order | null;
  commits = 0;
  /** Rejects with the first violation. */
  readonly violation: Promise<never>;
  private report: (violation: unknown) => void = () => undefined;
  private isOver = false;
  private readonly latest: { commit: Commit; at: number }[] = [];

  constructor(
    private readonly now: () => number,
    { stallMs, isOrdered }: { stallMs: number; isOrdered: boolean },
  ) {
    this.looks = new Looks(this.mirror, stallMs);
    this.lives = new Lives(this.mirror);
    this.order = isOrdered ? new Order(this.mirror) : null;
    this.violation = new Promise((_resolve, reject) => (this.report = reject));
    this.violation.catch(() => undefined);
  }

  /** The last commits, one line each. */
  trace(): string {
    return this.latest.map(({ commit, at }) => describeCommit(commit, at)).join("\n  ");
  }

  attach(engine: Engine): void {
    engine.onCommit((commit) => this.guard(() => this.after(commit)));
  }

  /** What functions print: a repair by the net, or a timer's function that failed, is a fault. */
  hear(line: string): void {
    this.guard(() => {
      must(!line.includes("queue.netRepaired"), `the net has nothing to repair: ${line}`);
      must(!line.startsWith("scheduled "), line);
    });
  }

  /** What nobody waits for may break a rule too. */
  follow(work: Promise<unknown>): void {
    work.catch((error: unknown) =>
      this.guard(() => {
        throw error;
      }),
    );
  }

  private guard(check: () => void): void {
    if (this.isOver) return;
    try {
      check();
    } catch (error) {
      this.isOver = true;
      this.report(error);
    }
  }

  private after(commit: Commit): void {
    if (!this.mirror.apply(commit)) return;
    this.commits += 1;
    this.latest.push({ commit, at: this.now() });
    if (this.latest.length > TRACED) this.latest.shift();
    if (commit.writes.some(({ table }) => QUEUE_TABLES.has(table.name))) {
      this.noteMessages(commit);
      this.noteFailures(commit);
      const rows = this.mirror.queue();
      checkRows(rows);
      this.observer.compare(rows);
      this.checkTaken(commit);
      this.order?.after(commit, this.now());
    }
    this.looks.after(commit, this.now());
    this.lives.check(this.now());
  }

  private noteMessages(commit: Commit): void {
    for (const { before, after } of changesOf(commit, "messageQueue")) {
      if (!before && after) {
        const { _id, conversationId, workspace, key, maxAttempts = Infinity } = after;
        const known = key === undefined ? {} : { key: `${workspace} ${key}` };
        this.observer.accepted(_id, { conversationId, maxAttempts, ...known });
      }
      if (before?.status === "dead_letter" && after?.status === "queued") this.observer.redriven(after._id);
    }
  }

  /**
   * What is at rest or waits out a failure is for nobody to take. A call that ends a message may take the next one at once, also when
   * its lease had expired and the message was waiting for its next attempt.
   */
  private checkTaken(commit: Commit): void {
    const done = new Set<string>();
    for (const { before, after } of changesOf(commit, "messageQueue"))
      if (before?.status === "queued" && after?.status === "done") done.add(after._id);
    for (const { before, after } of changesOf(commit, "conversations")) {
      if (after?.state !== "held") continue;
      const wasInLine = before?.state === "ready" || before?.state === "held";
      const headEnded = before?.head !== undefined && done.has(before.head);
      must(wasInLine || headEnded, `${after.conversationId}: is taken from the line alone`);
    }
  }

  /** A lease that ended without its message being done was given back by its worker. */
  private noteFailures(commit: Commit): void {
    for (const { before, after } of changesOf(commit, "leases"))
      if (before?.state === "live" && after?.state === "ended") {
        const message = this.mirror.row("messageQueue", after.message);
        if (message?.status !== "done") this.observer.failed(after.message);
      }
  }
}
