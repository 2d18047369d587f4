/**
 * No lost wake-up, looked at after every commit: what waits has a look of the scheduler before it, that look comes in time,
 * and an idle worker that listens and may take it is rung.
 */
import type { Commit } from "../../sim/engine/index.js";
import { must } from "../simulation/invariants.js";
import { changesOf, COMPONENT, jobChangesOf, type Job, type Mirror } from "./mirror.js";

/** The longest a published line is relied on, with its grid and slack (`line/line.ts`, `queue/pass.ts`). */
const LOOK_WITHIN_MS = 5_700;
/** An arrival that takes longer than this may rely on a look that has begun: the confirming one finds it. */
const SLOW_ARRIVAL_MS = 100;
const CONFIRM_WITHIN_MS = 20_000;
/** Workers that crashed are rung too, each for a second, before it is the turn of the next. */
const RINGS_MS = 8_000;

const OBSERVE = "queue.js:observe";
const OBSERVE_WRITER = `${COMPONENT}/queue:observe`;

/** A worker that waits to be rung. */
export interface Listener {
  lanes: readonly string[];
  workspace: string | null;
  /** Epoch ms. */
  since: number;
  /** It holds a conversation's data directory, and may take that one alone. */
  isBound: boolean;
}

interface Waiting {
  /** When the commit was that made it ready, as timestamp and as epoch ms. */
  ts: bigint;
  at: number;
  name: string;
  /** Only this worker may take it. */
  owner: string | undefined;
  lane: string;
  workspace: string;
  isSlow: boolean;
  isLookedAt: boolean;
}

export interface LookTally {
  looks: number;
  /** Looks that found nothing new to look at are not counted. */
  lookedAt: number;
  slowArrivals: number;
  worstLookMs: number;
  worstRingMs: number;
}

export class Looks {
  readonly listeners = new Map<string, Listener>();
  readonly tally: LookTally = { looks: 0, lookedAt: 0, slowArrivals: 0, worstLookMs: 0, worstRingMs: 0 };
  private readonly waiting = new Map<string, Waiting>();
  private readonly planned = new Map<string, Job>();

  /** @param stallMs how long a transaction may hang, in this schedule. */
  constructor(
    private readonly mirror: Mirror,
    private readonly stallMs: number,
  ) {}

  get isAtRest(): boolean {
    return this.planned.size === 0;
  }

  /** After `mirror` has the commit. */
  after(commit: Commit, now: number): void {
    for (const { after: job } of jobChangesOf(commit)) {
      if (job?.name !== OBSERVE) continue;
      if (job.state.kind === "pending") this.planned.set(job._id, job);
      else this.planned.delete(job._id);
    }
    for (const { before, after } of changesOf(commit, "leases")) {
      // A worker that came back under its name counts as busy until the lease from before is over.
      const listener = before?.state === "live" && after ? this.listeners.get(after.worker) : undefined;
      if (listener && after?.state !== "live") listener.since = now;
    }
    this.noteConversations(commit, now);
    const look = this.lookIn(commit);
    if (look) this.noteLook(commit, look, now);
    this.check(now);
  }

  private noteConversations(commit: Commit, now: number): void {
    for (const { before, after } of changesOf(commit, "conversations")) {
      if (!after) continue;
      if (after.state !== "ready") this.waiting.delete(after._id);
      else if (before?.state !== "ready" || before.pool !== after.pool) {
        const isSlow = now - after.readyAt > SLOW_ARRIVAL_MS;
        if (isSlow) this.tally.slowArrivals += 1;
        this.waiting.set(after._id, {
          ts: commit.ts,
          at: now,
          name: after.conversationId,
          owner: after.pool === after.lane ? undefined : after.owner,
          lane: after.lane,
          workspace: after.workspace,
          isSlow,
          isLookedAt: false,
        });
      }
    }
  }

  /** The job of a look that this commit is, unless that found its alarm gone. */
  private lookIn(commit: Commit): Job | null {
    if (commit.writer !== OBSERVE_WRITER) return null;
    const job = jobChangesOf(commit).find(
      ({ after }) => after?.name === OBSERVE && after.state.kind === "success",
    );
    if (!job?.after) return null;
    const { alarm } = job.after.args[0];
    const tookAlarm = changesOf(commit, "alarms").some(
      ({ before, after }) => after === null && before?._id === alarm,
    );
    return alarm === undefined || tookAlarm ? job.after : null;
  }

  private noteLook(commit: Commit, job: Job, now: number): void {
    this.tally.looks += 1;
    const startedAt = Math.min(now, Math.max(job.scheduledTime, Number(commit.since / 1_000_000n)));
    for (const waiting of this.waiting.values()) {
      if (waiting.isLookedAt || waiting.ts > commit.since) continue;
      waiting.isLookedAt = true;
      const lateMs = Math.max(0, startedAt - waiting.at);
      this.tally.lookedAt += 1;
      this.tally.worstLookMs = Math.max(this.tally.worstLookMs, lateMs);
    }
  }

  private check(now: number): void {
    if (this.waiting.size === 0) return;
    const ahead: number[] = [];
    for (const { args, scheduledTime } of this.planned.values()) {
      const { alarm } = args[0];
      if (alarm === undefined || this.mirror.row("alarms", alarm as string)) ahead.push(scheduledTime);
    }
    const next = Math.min(...ahead);
    for (const waiting of this.waiting.values()) {
      if (waiting.owner === undefined || !waiting.isLookedAt)
        must(ahead.length > 0, `${waiting.name}: is ready, and nobody will look`);
      if (!waiting.isLookedAt) {
        const withinMs = waiting.isSlow ? CONFIRM_WITHIN_MS : LOOK_WITHIN_MS;
        must(next <= waiting.at + withinMs, `${waiting.name}: the look is planned too late`);
        must(
          now <= waiting.at + withinMs + 1_000 + 4 * this.stallMs,
          `${waiting.name}: nobody has looked for ${Math.round(now - waiting.at)} ms`,
        );
      }
      this.checkRing(waiting, now);
    }
  }

  private checkRing(waiting: Waiting, now: number): void {
    for (const [worker, { lanes, workspace, since, isBound }] of this.listeners) {
      if (isBound || waiting.owner !== undefined ? waiting.owner !== worker : false) continue;
      if (!lanes.includes(waiting.lane) || (workspace !== null && workspace !== waiting.workspace)) continue;
      const forMs = now - Math.max(waiting.at, since);
      if (forMs > this.tally.worstRingMs && this.isBusy(worker)) continue;
      this.tally.worstRingMs = Math.max(this.tally.worstRingMs, forMs);
      const lookMs = waiting.isSlow ? CONFIRM_WITHIN_MS : LOOK_WITHIN_MS;
      must(
        forMs <= lookMs + RINGS_MS + 4 * this.stallMs,
        `${waiting.name}: waits for ${Math.round(forMs)} ms although ${worker} listens`,
      );
    }
  }

  private isBusy(worker: string): boolean {
    return this.mirror.rows("leases").some((lease) => lease.state === "live" && lease.worker === worker);
  }
}
