/**
 * A worker that goes away, for seconds or for long, and comes back under its id: with its disk, without memory on it, for other
 * lanes; alone, or beside a second process of the same id.
 */
import { errorDataOf } from "../../src/contract/errors.js";
import type { ReturnerPlan } from "./plan.js";
import type { Stage } from "./stage.js";
import { Worker, type Job } from "./worker.js";

/** Within a beat, beyond it, and beyond what a schedule's policy remembers (`FORGET_AFTER_MS`). */
const ABSENCES_MS = [5_000, 45_000, 150_000, 260_000, 1_500_000];
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
      return await super.claim();
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

  protected override async crash(job: Job): Promise<null> {
    const { random, tally, watch } = this.stage;
    tally.crashes += 1;
    if (random.chance(0.4)) watch.follow(this.answerLate(job, this.credential));
    await this.beAway();
    return null;
  }

  /** It may go while it holds nothing but its conversation, too. */
  protected override async rest(): Promise<void> {
    if (this.stage.random.chance(0.04)) await this.beAway();
    else await super.rest();
  }

  private async beAway(): Promise<void> {
    const { random, time, watch } = this.stage;
    const awayMs = random.pick(ABSENCES_MS);
    const held = this.isStateful && !this.own.hasTwin ? watch.lives.row(this.workerId)?.binding : undefined;
    await time.sleep(awayMs);
    if (awayMs < REMEMBERED_MS) watch.lives.back(this.workerId, held, this.instance);
    if (random.chance(0.3)) this.change();
  }

  /** For good: without memory, or with a token for other lanes. */
  private change(): void {
    this.stage.watch.lives.tally.changes += 1;
    if (this.stage.random.chance(0.5)) this.isStateful = false;
    else this.token = this.tokens.other;
  }
}
