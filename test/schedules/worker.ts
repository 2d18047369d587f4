/**
 * A worker of any kind: it claims, hydrates, renews, and ends what it was given; it crashes, comes back, and says something
 * about work that is no longer its own. It waits as the real one does (`worker/src/waiting`).
 */
import { must } from "../simulation/invariants.js";
import { Waiting, type IdleHint } from "../../worker/src/waiting/waiting.js";
import type { WorkerPlan } from "./plan.js";
import type { Stage } from "./stage.js";

export interface Job {
  messageId: string;
  conversationId: string;
  agentKey: string;
  leaseId: string;
  attempt: number;
  heartbeatIntervalMs: number;
  hydration?: object;
  hydrationError?: string;
}
interface Credential {
  workerId: string;
  workerToken?: string;
}
type Polled = { job: Job | null; idle: IdleHint | null };
type Settled = { ok: true; status: string; next: Job | null } | { ok: false };

const ABSENCES_MS = [500, 8_000, 14_000, 75_000, 130_000];

export class Worker {
  private waiting: Waiting;
  private life = 0;

  /** @param token absent: the host's own worker. */
  constructor(
    protected readonly stage: Stage,
    protected readonly name: string,
    private readonly plan: WorkerPlan,
    protected token: string | undefined,
  ) {
    this.waiting = this.newWaiting();
  }

  async run(): Promise<void> {
    const { stop } = this.stage;
    while (!stop.signal.aborted) {
      let job = await this.claim();
      if (job === null) await this.rest();
      while (job !== null && !stop.signal.aborted) job = await this.work(job);
    }
  }

  /** A worker with memory on disk comes back as another one: its disk is gone. */
  protected get workerId(): string {
    return this.plan.isStateful ? `${this.name}-${this.life}` : this.name;
  }

  /** The process, where it names itself. */
  protected get instance(): string | undefined {
    return undefined;
  }

  /** How many of its jobs it is lost in the middle of, from 0 to 1. */
  protected get crashChance(): number {
    return 0.12;
  }

  /** How many of its answers are lost, from 0 to 1. */
  protected get repeatChance(): number {
    return 0.08;
  }

  /** How long it may take to notice that an answer was lost. */
  protected get repeatsWithinMs(): number {
    return 0;
  }

  /** What its claims say of its engine. */
  protected get declared(): { stateful?: boolean } {
    return this.plan.isStateful ? { stateful: true } : {};
  }

  protected get credential(): Credential {
    return { workerId: this.workerId, ...(this.token === undefined ? {} : { workerToken: this.token }) };
  }

  private newWaiting(): Waiting {
    const waiting = new Waiting({ clock: this.stage.clock, subscribes: this.plan.listens });
    if (this.plan.listens)
      this.stage.subscribe(this.workerId, (seq) => {
        // The connection of a worker that crashed is gone.
        if (waiting === this.waiting) waiting.heard(seq, 60_000);
      });
    return waiting;
  }

  protected async claim(): Promise<Job | null> {
    const { caller, random } = this.stage;
    const { plan, waiting } = this;
    waiting.claiming();
    const { listens } = waiting;
    const args = {
      ...this.credential,
      hydrate: random.chance(0.5),
      ...this.declared,
      ...(this.instance === undefined ? {} : { instance: this.instance }),
      ...(listens === undefined ? {} : { listens }),
      ...(this.token === undefined && plan.workspace !== null ? { workspaceId: plan.workspace } : {}),
    };
    this.stage.watch.lives.called(this.workerId, this.stage.time.now());
    const { job, idle } = await caller.lib<Polled>("poll", args);
    if (job) this.noteClaimed(job);
    else waiting.told({ retryAfterMs: idle?.retryAfterMs });
    return job;
  }

  protected noteClaimed(job: Job): void {
    this.stage.tally.claims += 1;
    const lease = this.leaseRow(job);
    must(lease?.worker === this.workerId, `${this.workerId} is given a lease of its own`);
    must(lease.message === job.messageId, `${this.workerId} is given the lease's message`);
    must(job.hydrationError === undefined, `hydration works: ${job.hydrationError}`);
    if (lease.state === "live")
      must(
        job.attempt === this.stage.watch.observer.attemptsOf(job.messageId) + 1,
        "the attempt number counts the attempts made",
      );
  }

  protected async rest(): Promise<void> {
    const { watch, stop, time } = this.stage;
    const { lanes, workspace } = this.plan;
    const { listeners } = watch.looks;
    if (this.waiting.listens === true)
      listeners.set(this.workerId, { lanes, workspace, since: time.now(), isBound: this.isBound });
    await this.waiting.untilNextClaim(stop.signal);
    listeners.delete(this.workerId);
  }

  private get isBound(): boolean {
    const rows = this.stage.watch.mirror.rows("workers");
    return rows.some(({ workerId, binding }) => workerId === this.workerId && binding !== undefined);
  }

  /** @returns the next job, when the same call has brought one. */
  private async work(job: Job): Promise<Job | null> {
    const { random, time, caller } = this.stage;
    const lease = this.leaseOf(job);
    this.stage.watch.lives.called(this.workerId, time.now());
    if (job.hydration === undefined) {
      const workspaceId = `tenant${job.agentKey.slice("agent".length)}`;
      await caller.lib("getHydrationBundle", { ...lease, workspaceId });
    }
    await time.sleep(random.chance(0.2) ? random.between(1_000, 9_000) : random.between(0, 800));
    if (random.chance(0.3)) await this.renew(job);
    const crashes = !this.plan.isSteady && random.chance(this.crashChance);
    if (crashes && random.chance(0.5)) return this.crash(job);
    if (this.plan.settles && random.chance(0.7)) {
      const said = await caller.lib<Settled>("settle", {
        ...lease,
        turns: [{ role: "assistant", content: "hi" }],
        reply: { text: "hi", parts: 1 },
        sendingPart: 0,
      });
      if (!said.ok) this.mustBeLost(job);
      if (crashes) return this.crash(job);
    }
    return this.end(job);
  }

  protected async end(job: Job): Promise<Job | null> {
    const { random } = this.stage;
    // A worker of 1.0.11 may renew and end at one time.
    const renewal = random.chance(0.15) ? this.renew(job, true) : null;
    const next = this.plan.settles
      ? await this.settle(job, random.chance(0.75))
      : await (random.chance(0.75) ? this.complete(job) : this.fail(job));
    await renewal;
    return next;
  }

  private async settle(job: Job, completes: boolean): Promise<Job | null> {
    const { caller, random, tally, time } = this.stage;
    const outcome = completes
      ? { kind: "complete" as const }
      : { kind: "fail" as const, errorMessage: "boom" };
    const args = {
      ...this.leaseOf(job),
      outcome,
      claimNext: { hydrate: random.chance(0.5) },
      ...(this.instance === undefined ? {} : { instance: this.instance }),
    };
    const settled = await caller.lib<Settled>("settle", args);
    // The answer was lost: the same call again says the same again.
    const isRepeated = settled.ok && random.chance(this.repeatChance);
    if (isRepeated && this.repeatsWithinMs > 0) await time.sleep(random.between(0, this.repeatsWithinMs));
    const answer = isRepeated ? await caller.lib<Settled>("settle", args) : settled;
    if (isRepeated) tally.repeats += 1;
    if (!settled.ok) {
      this.mustBeLost(job);
      return null;
    }
    if (completes) this.mustBeDone(job);
    const next = answer.ok ? answer.next : null;
    if (next) this.noteClaimed(next);
    return next;
  }

  protected async complete(job: Job, credential = this.credential): Promise<null> {
    if (await this.stage.caller.lib<boolean>("complete", this.leaseOf(job, credential))) this.mustBeDone(job);
    else this.mustBeLost(job);
    return null;
  }

  private async fail(job: Job, credential = this.credential): Promise<null> {
    this.stage.tally.failures += 1;
    const args = { ...this.leaseOf(job, credential), errorMessage: "boom" };
    const { requeued, deadLettered } = await this.stage.caller.lib<{
      requeued: boolean;
      deadLettered: boolean;
    }>("fail", args);
    if (requeued || deadLettered)
      must(this.leaseRow(job)?.state === "ended", "a fail that is accepted ends its own lease");
    else this.mustBeLost(job);
    return null;
  }

  private async renew(job: Job, besides = false): Promise<void> {
    const { ok } = await this.stage.caller.lib<{ ok: boolean }>("renewLease", this.leaseOf(job));
    if (!ok && !besides) this.mustBeLost(job);
  }

  /** Gone for a while, perhaps until its lease is over. Its answer may come all the same, before or after it is back. */
  protected async crash(job: Job): Promise<null> {
    const { random, time, tally, watch } = this.stage;
    tally.crashes += 1;
    if (random.chance(0.6)) watch.follow(this.answerLate(job, this.credential));
    await time.sleep(random.pick(ABSENCES_MS));
    this.waiting.close();
    this.life += 1;
    this.waiting = this.newWaiting();
    return null;
  }

  protected async answerLate(job: Job, credential: Credential): Promise<void> {
    const { random, tally, stop } = this.stage;
    await this.awaken(job);
    if (stop.signal.aborted) return;
    tally.zombies += 1;
    await (random.chance(0.7) ? this.complete(job, credential) : this.fail(job, credential));
  }

  /** Until a process that was given up goes on. */
  protected async awaken(_job: Job): Promise<void> {
    const { random, time } = this.stage;
    await time.sleep(random.pick(ABSENCES_MS) * 1.2);
  }

  /** Whether somebody else, or the successor, has the message now. */
  protected isGivenAgain({ messageId, leaseId }: Job): boolean {
    const leases = this.stage.watch.mirror.rows("leases");
    return leases.some(
      ({ _id, message, state }) => state === "live" && message === messageId && _id !== leaseId.split(".")[1],
    );
  }

  protected hasExpired(job: Job): boolean {
    return this.leaseRow(job)?.state === "expired";
  }

  private leaseOf({ messageId, leaseId }: Job, credential = this.credential) {
    return { ...credential, messageId, leaseId };
  }

  private leaseRow({ leaseId }: Job) {
    return this.stage.watch.mirror.row("leases", leaseId.split(".")[1] ?? "");
  }

  /** It was said that this lease is worth nothing. */
  private mustBeLost(job: Job): void {
    must(this.leaseRow(job)?.state !== "live", `${this.workerId} is refused although its lease is in force`);
  }

  /** It was said that this worker ended the message. */
  private mustBeDone(job: Job): void {
    const row = this.stage.watch.mirror.row("messageQueue", job.messageId);
    must(row?.status === "done", `${this.workerId} was told that its message is done`);
    must(this.leaseRow(job)?.state === "ended", "a complete that is accepted ends its own lease");
    must(row.endedBy === this.leaseRow(job)?._id, "a message is ended by the lease that was accepted");
  }
}
