/** A worker's way to the deployment: calls take a moment; for minutes none arrives, and now and then an answer is lost. */
import type { Value } from "convex/values";
import { changesOf } from "../schedules/mirror.js";
import type { Stage } from "./stage.js";

/** The network swallowed the call or its answer. */
export class Lost extends Error {}
/** The machine is gone; nothing of this worker goes on. */
export class Dead extends Error {}

const CALL_TIMEOUT_MS = 10_000;

/** Queries: nobody can see later that they were asked. */
const READS = new Set(["getWorkerMemory", "getLatestDataSnapshotForRestore"]);

export class Line {
  /** Epoch ms of the last call that left a trace; 0: none did. */
  heardAt = 0;
  private lostUntil = 0;

  constructor(
    private readonly stage: Stage,
    private readonly credential: { workerId: string; workerToken: string },
    /** `mustLive` throws `Dead`. */
    private readonly worker: { mustLive: () => void; lost: () => void; rung: (seq: number) => void },
  ) {}

  get isUp(): boolean {
    return this.stage.time.now() >= this.lostUntil;
  }

  private get rings(): number {
    const { workerId } = this.credential;
    return this.stage.watch.mirror.rows("wakes").find(({ worker }) => worker === workerId)?.seq ?? 0;
  }

  /** Hears its wake-ups from now on. */
  listen(): void {
    const { time, engine, random } = this.stage;
    const { workerId } = this.credential;
    const tell = (seq: number) => time.at(time.now() + random.between(1, 80), () => this.worker.rung(seq));
    engine.onCommit((commit) => {
      for (const { after } of changesOf(commit, "wakes")) if (after?.worker === workerId) tell(after.seq);
    });
    tell(this.rings);
  }

  heal(): void {
    this.lostUntil = 0;
  }

  /** Again and again until it is answered, as what must be said is. */
  async insisting<Result>(make: () => Promise<Result>, attempts = 30): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await make();
      } catch (error) {
        if (!(error instanceof Lost) || attempt >= attempts) throw error;
        await this.sleep(Math.min(5_000, 500 * attempt));
      }
    }
  }

  async call<Result>(name: string, args: Record<string, Value>): Promise<Result> {
    const { random, time, caller, plan, cloud, tally } = this.stage;
    const loses = plan.troubles.has("losses") && !cloud.isCalm;
    if (loses && random.chance(0.02)) this.lose(random.between(10_000, random.pick([60_000, 720_000])));
    await this.sleep(random.between(20, 300));
    if (time.now() < this.lostUntil) {
      await this.sleep(CALL_TIMEOUT_MS);
      throw new Lost(name);
    }
    const result = await caller.lib<Result>(name, { ...this.credential, ...args });
    if (!READS.has(name)) this.heardAt = time.now();
    this.worker.mustLive();
    if (loses && random.chance(0.01)) {
      tally.losses += 1;
      throw new Lost(`the answer to ${name}`);
    }
    return result;
  }

  private lose(ms: number): void {
    const { time, tally, watch } = this.stage;
    tally.losses += 1;
    watch.note(`${this.credential.workerId.slice(-6)} has no network for ${Math.round(ms / 1_000)} s`);
    this.lostUntil = time.now() + ms;
    this.worker.lost();
    time.at(this.lostUntil, () => this.worker.rung(this.rings));
  }

  private async sleep(ms: number): Promise<void> {
    await this.stage.time.sleep(ms);
    this.worker.mustLive();
  }
}
