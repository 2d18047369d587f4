/**
 * One random schedule: hosts enqueue, some messages wait for files, workers claim, answer, fail, crash and come back as zombies, time jumps. The rows are
 * checked after every step that writes, and the net must have nothing to repair after every longer wait. At the end everything is
 * worked off and every accepted message must have ended.
 */
import { internal } from "../../src/component/_generated/api.js";
import { enqueueMessage } from "../../src/core/queue/enqueue.js";
import { stopWaiting } from "../../src/core/queue/stopWaiting.js";
import type { World } from "../component/world.js";
import { checkRows, isEnded, must, readRows, Violation, type Rows } from "./invariants.js";
import { holds, mayComplete, Observer, type Job } from "./model.js";
import type { Random } from "./random.js";

const LANES_OF: Record<string, string[]> = {
  w0: ["default", "red"],
  w1: ["red", "default"],
  w2: ["default"],
  w3: ["red"],
};
const CONVERSATIONS = 7;
const TENANTS = 3;

export interface Tally {
  enqueues: number;
  claims: number;
  expiries: number;
  failures: number;
  lateCompletes: number;
  deadLetters: number;
}

/** Throws a `Violation` with the rule broken and the steps that led to it. */
export async function simulate(world: World, random: Random, steps: number): Promise<Tally> {
  const simulation = new Simulation(world, random);
  try {
    await simulation.setUp();
    for (let step = 0; step < steps; step += 1) await simulation.step();
    await simulation.workOff();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    throw new Violation(`${error.message}\n  ${simulation.trace.slice(-25).join("\n  ")}`);
  }
  return simulation.tally;
}

class Simulation {
  readonly trace: string[] = [];
  readonly tally: Tally = {
    enqueues: 0,
    claims: 0,
    expiries: 0,
    failures: 0,
    lateCompletes: 0,
    deadLetters: 0,
  };
  private readonly observer = new Observer();
  private readonly jobs = new Map<string, Job>();
  private readonly zombies: Job[] = [];
  private rows: Rows = { conversations: [], messages: [], leases: [] };

  constructor(
    private readonly world: World,
    private readonly random: Random,
  ) {}

  async setUp(): Promise<void> {
    for (let tenant = 0; tenant < TENANTS; tenant += 1)
      await this.world.agent(`agent${tenant}`, { workspace: `tenant${tenant}` });
    await this.world.t.run(async (ctx) => {
      for (const [workerId, lanes] of Object.entries(LANES_OF)) {
        const registeredAt = Date.now();
        await ctx.db.insert("workers", { workerId, provider: "test", status: "active", lanes, registeredAt });
      }
    });
  }

  async step(): Promise<void> {
    const worker = this.random.pick(Object.keys(LANES_OF));
    const job = this.jobs.get(worker);
    const draw = this.random.next();
    if (draw < 0.3) await this.enqueue();
    else if (draw < 0.45) await this.letTimePass(this.random.pick([20, 400, 1_500, 7_000, 21_000, 75_000]));
    else if (draw < 0.55) await this.zombie();
    else if (draw < 0.58) await this.redrive();
    else if (draw < 0.6) await this.sweep();
    else if (draw < 0.65) await this.filesArrive();
    else if (!job) await this.claim(worker);
    else await this.work(job);
  }

  /** Everything is answered; then nothing may be left. */
  async workOff(): Promise<void> {
    for (const job of this.jobs.values()) this.zombies.push(job);
    this.jobs.clear();
    for (let round = 0; round < 60; round += 1) {
      await this.letTimePass(20_000);
      for (const worker of Object.keys(LANES_OF)) {
        for (let more = true; more;) {
          await this.claim(worker);
          const job = this.jobs.get(worker);
          more = job !== undefined;
          if (job) await this.complete(job);
        }
      }
      if (this.rows.messages.every(isEnded)) break;
    }
    must(this.rows.messages.every(isEnded), "every accepted message ends");
    must(
      this.rows.conversations.every(({ state }) => state === "idle"),
      "all conversations rest in the end",
    );
    this.tally.deadLetters = this.rows.messages.filter(({ status }) => status === "dead_letter").length;
    this.tally.expiries = this.rows.leases.filter(({ state }) => state === "expired").length;
  }

  private async check(): Promise<void> {
    this.rows = await readRows(this.world);
    checkRows(this.rows);
    this.observer.compare(this.rows);
  }

  private async enqueue(): Promise<void> {
    const { random } = this;
    const index = random.between(0, CONVERSATIONS - 1);
    const conversationId = `c${index}`;
    const tenant = index % TENANTS;
    const key = random.chance(0.3) ? `key${random.between(0, 15)}` : undefined;
    const maxAttempts = random.between(1, 3);
    const delay = random.chance(0.2) ? random.pick([-500, 300, 5_000, 40_000]) : undefined;
    this.trace.push(`enqueue ${conversationId} key=${key} delay=${delay} maxAttempts=${maxAttempts}`);
    const waitMs = random.chance(0.2) ? random.pick([0, 2_000, 30_000]) : undefined;
    if (waitMs !== undefined) this.trace.push(`  it waits ${waitMs} ms for files`);
    const waiting = waitMs === undefined ? undefined : { until: Date.now() + waitMs };
    const args = {
      agentKey: `agent${tenant}`,
      idempotencyKey: key,
      maxAttempts,
      priority: random.pick([0, 20, 50, 55, 100]),
      scheduledFor: delay === undefined ? undefined : Date.now() + delay,
      tag: random.chance(0.3) ? "red" : undefined,
    };
    const messageText = `m${this.tally.enqueues}`;
    const payload = { provider: "app", providerUserId: "u1", messageText };
    const id: string =
      waiting === undefined
        ? await this.world.send(conversationId, messageText, args)
        : await this.world.t.mutation((ctx) =>
            enqueueMessage(ctx, { ...args, conversationId, payload }, { waiting }),
          );
    this.tally.enqueues += 1;
    const keyOfTenant = key && `tenant${tenant} ${key}`;
    this.observer.accepted(id, { conversationId, key: keyOfTenant, maxAttempts });
    await this.check();
  }

  /** The files of one waiting message are there before its time is over. */
  private async filesArrive(): Promise<void> {
    const waiting = this.rows.messages.filter((row) => row.waiting !== undefined && !isEnded(row));
    if (waiting.length === 0) return;
    const { _id, conversationId } = this.random.pick(waiting);
    this.trace.push(`files arrive in ${conversationId}`);
    await this.world.t.mutation(async (ctx) => {
      const row = await ctx.db.get(_id);
      if (row) await stopWaiting(ctx, row);
    });
    await this.check();
  }

  private async letTimePass(ms: number): Promise<void> {
    this.trace.push(`${ms} ms pass`);
    // Workers at work renew in time; those that crashed do not.
    for (let left = ms; left > 0; left -= 15_000) {
      for (const job of this.jobs.values()) await this.heartbeat(job);
      await this.world.pass(Math.min(left, 15_000), 1_000);
    }
    await this.check();
    if (ms >= 20_000) await this.sweep();
  }

  private async claim(worker: string): Promise<void> {
    const lanes = LANES_OF[worker] ?? [];
    const job = await this.world.claim(worker);
    this.trace.push(`${worker} claims ${job?.conversationId ?? "nothing"}`);
    const ready = this.rows.conversations.filter((row) => row.state === "ready" && lanes.includes(row.lane));
    if (!job) return must(ready.length === 0, `${worker} finds what is ready in its lanes`);
    must(
      ready.some((row) => row.head === job.messageId),
      `${worker} is given the head of a ready conversation of its lanes`,
    );
    must(
      job.attempt === this.observer.attemptsOf(job.messageId) + 1,
      "the attempt number counts the attempts made",
    );
    this.tally.claims += 1;
    const { messageId, leaseId, conversationId } = job;
    this.jobs.set(worker, { workerId: worker, messageId, leaseId, conversationId });
    await this.check();
  }

  private async work(job: Job): Promise<void> {
    const draw = this.random.next();
    if (draw < 0.45) return await this.complete(job);
    if (draw < 0.7) return await this.fail(job);
    if (draw < 0.85) return void (await this.heartbeat(job));
    this.trace.push(`${job.workerId} crashes with ${job.conversationId}`);
    this.jobs.delete(job.workerId);
    this.zombies.push(job);
    if (this.random.chance(0.4)) {
      await this.letTimePass(75_000);
      await this.complete(job);
    }
  }

  /** A worker that was given up for dead says something after all. */
  private async zombie(): Promise<void> {
    if (this.zombies.length === 0) return;
    const job = this.random.pick(this.zombies.slice(-3));
    const draw = this.random.next();
    if (draw < 0.5) await this.complete(job);
    else if (draw < 0.75) await this.fail(job);
    else await this.heartbeat(job);
  }

  private async complete(job: Job): Promise<void> {
    const expected = mayComplete(job, this.rows);
    const accepted = await this.world.complete(job.workerId, job);
    this.trace.push(`${job.workerId} completes ${job.conversationId}: ${accepted}`);
    must(accepted === expected, `a complete is ${expected ? "accepted" : "refused"} when its lease says so`);
    if (accepted && !holds(job, this.rows)) this.tally.lateCompletes += 1;
    this.drop(job);
    await this.check();
  }

  private async fail(job: Job): Promise<void> {
    const expected = holds(job, this.rows);
    const { requeued, deadLettered } = await this.world.fail(job.workerId, job);
    this.trace.push(`${job.workerId} fails ${job.conversationId}: ${requeued || deadLettered}`);
    must((requeued || deadLettered) === expected, `a fail is ${expected ? "accepted" : "refused"}`);
    if (expected) {
      this.tally.failures += 1;
      this.observer.failed(job.messageId);
      this.drop(job);
    }
    await this.check();
  }

  private async heartbeat(job: Job): Promise<void> {
    const expected = holds(job, this.rows);
    const { leaseId, messageId, workerId } = job;
    const renewed = await this.world.t.mutation(this.world.lib.heartbeat, { leaseId, messageId, workerId });
    must(renewed === expected, `a heartbeat is ${expected ? "accepted" : "refused"}`);
  }

  private drop(job: Job): void {
    if (this.jobs.get(job.workerId) === job) this.jobs.delete(job.workerId);
    if (!this.zombies.includes(job)) this.zombies.push(job);
  }

  private async redrive(): Promise<void> {
    const dead = this.rows.messages.filter(({ status }) => status === "dead_letter");
    if (dead.length === 0) return;
    const { _id: messageId, conversationId } = this.random.pick(dead);
    this.trace.push(`redrive in ${conversationId}`);
    await this.world.t.mutation(this.world.lib.redriveDeadLetter, { messageId });
    this.observer.redriven(messageId);
    await this.check();
  }

  private async sweep(): Promise<void> {
    this.trace.push("the net sweeps");
    const repaired = await this.world.t.mutation(internal.upkeep.sweep, { name: "queueNet" });
    must(repaired === 0, `the net has nothing to repair, not ${repaired} things`);
  }
}
