/**
 * A worker that goes away, for seconds or for long, and comes back under its id: with its disk, without memory on it, for other
 * lanes; alone, or beside a second process of the same id.
 */
import { errorDataOf } from "../../src/contract/errors.js";
import type { ReturnerPlan } from "./plan.js";
import type { Stage } from "./stage.js";
import { Worker, type Job } from "./worker.js";

/** Upkeep that forgets comes once in ten minutes, so only what is shorter is surely remembered. */
const REMEMBERED_MS = 900_000;

export class Returner extends Worker {
  private isStateful: boolean;

  constructor(
    stage: Stage,
    name: string,
    private readonly own: ReturnerPlan,
    private readonly tokens: { first: string; other: string },
    /** Beside it a process with the same name runs. */
    private readonly process: string,
  ) {
    super(stage, name, own, tokens.first);
    this.isStateful = own.isStateful;
  }

  protected override get workerId(): string {
    return this.name;
  }

  protected override get instance(): string | undefined {
    return this.own.namesItself ? this.process : undefined;
  }

  protected override get declared() {
    return { stateful: this.isStateful };
  }

  protected override async claim(): Promise<Job | null> {
    try {
      const job = await super.claim();
      if (!this.isStateful && !this.own.hasTwin) this.stage.watch.lives.withoutMemory(this.workerId);
      return job;
    } catch (error) {
      if (errorDataOf(error)?.code !== "worker_id_in_use") throw error;
      this.stage.watch.lives.tally.twinsRefused += 1;
      return null;
    }
  }

  protected override noteClaimed(job: Job): void {
    super.noteClaimed(job);
    this.stage.watch.lives.given(job, this.process, this.own.namesItself);
  }

  protected override get crashChance(): number {
    return this.own.crashChance;
  }

  protected override get repeatChance(): number {
    return this.own.repeatChance;
  }

  /** The answer was heard as lost, by a process that took its time. */
  protected override get repeatsWithinMs(): number {
    return this.own.hasTwin ? 4_000 : 0;
  }

  override async run(): Promise<void> {
    await this.untilNeeded();
    await super.run();
  }

  /** It may go without asking for more: whoever was always given work has never polled idly. */
  protected override async end(job: Job): Promise<Job | null> {
    if (!this.stage.random.chance(this.own.leaveChance)) return super.end(job);
    await this.complete(job);
    await this.beAway();
    return null;
  }

  protected override async crash(job: Job): Promise<null> {
    const { random, tally, watch } = this.stage;
    tally.crashes += 1;
    if (random.chance(0.6)) watch.follow(this.answerLate(job, this.credential));
    await this.beAway();
    return null;
  }

  /** A process that was held up goes on: when its lease has just expired, or when its message is in other hands, as its successor's. */
  protected override async awaken(job: Job): Promise<void> {
    const { random, time } = this.stage;
    const until = time.now() + random.pick([8_000, 20_000, 90_000]);
    const isTime = random.chance(0.7) ? () => this.isGivenAgain(job) : () => this.hasExpired(job);
    while (time.now() < until && !isTime()) await time.sleep(250);
    await time.sleep(random.between(0, 400));
  }

  /** It may go while it holds nothing but its conversation, too. */
  protected override async rest(): Promise<void> {
    if (this.stage.random.chance(this.own.idleChance)) await this.beAway();
    else await super.rest();
  }

  private async beAway(): Promise<void> {
    const { random, time, watch } = this.stage;
    const awayMs = random.pick(this.own.absencesMs);
    const held = this.isStateful && !this.own.hasTwin ? watch.lives.row(this.workerId)?.binding : undefined;
    await time.sleep(awayMs);
    if (awayMs < REMEMBERED_MS) watch.lives.back(this.workerId, held, this.instance);
    if (random.chance(this.own.changeChance)) this.change();
    await this.untilNeeded();
  }

  private async untilNeeded(): Promise<void> {
    const { time, watch, stop } = this.stage;
    if (!this.own.comesForWork) return;
    const isNeeded = () =>
      watch.mirror.rows("conversations").some(({ state, owner }) => state === "ready" && owner === undefined);
    while (!isNeeded() && !stop.signal.aborted) await time.sleep(250);
  }

  /** Without memory, for other lanes, or as it was at first. */
  private change(): void {
    const { random, watch } = this.stage;
    watch.lives.tally.changes += 1;
    const [isStateful, token] = random.pick([
      [false, this.tokens.first],
      [this.own.isStateful, this.tokens.other],
      [this.own.isStateful, this.tokens.first],
    ]);
    Object.assign(this, { isStateful, token });
  }
}
