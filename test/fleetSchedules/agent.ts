/**
 * The worker in a machine, as far as the fleet sees it: it boots, takes up the memory on its volume, claims, beats, answers, saves and
 * leaves when told to (`worker/src/{loop,memory/memory}.ts`); it loses the network; its machine dies.
 */
import { createHash } from "node:crypto";
import type { PretendProcess } from "../../sim/fly/index.js";
import { keepsDisk } from "../../src/policy/snapshots/keepVolume.js";
import { Waiting, type IdleHint } from "../../worker/src/waiting/waiting.js";
import { COMPONENT } from "../schedules/mirror.js";
import type { VolumeDisk } from "./disk.js";
import { Dead, Line, Lost } from "./line.js";
import type { Stage } from "./stage.js";

interface Job {
  messageId: string;
  conversationId: string;
  leaseId: string;
  leaseExpiresAt: number;
}
interface Bound {
  workspaceId: string;
  agentKey: string;
  conversationId: string;
  generation: number;
  everyTurns: number;
}
type Wishes = { shouldStop?: boolean; release?: boolean };
type Polled = { job: Job | null; idle: (IdleHint & Wishes) | null };
type Settled = { ok: true; next: Job | null } | { ok: false };

const HEARTBEAT_MS = 15_000;
const SAVE_ATTEMPTS = 6;

export class Agent {
  readonly workerId: string;
  private readonly line: Line;
  private readonly waiting: Waiting;
  private readonly stopping = new AbortController();
  private bound: Bound | null = null;
  private leaseId: string | undefined;
  private isDraining = false;

  constructor(
    private readonly stage: Stage,
    private readonly process: PretendProcess,
    private readonly disk: VolumeDisk,
  ) {
    const { env } = process.job;
    this.workerId = env.WORKER_ID ?? "";
    this.waiting = new Waiting({ clock: stage.clock, subscribes: true });
    const credential = { workerId: this.workerId, workerToken: env.AGENT_TOKEN ?? "" };
    this.line = new Line(stage, credential, {
      mustLive: () => this.mustLive(),
      lost: () => this.waiting.lost(),
      rung: (seq) => {
        if (this.isReachable) this.waiting.heard(seq, 60_000);
      },
    });
  }

  get isRunning(): boolean {
    return this.process.running;
  }
  get isReachable(): boolean {
    return this.isRunning && this.line.isUp;
  }
  /** Epoch ms of its last call that left a trace; 0: none did. */
  get heardAt(): number {
    return this.line.heardAt;
  }

  /** Never rejects but for a fault of the schedule itself. */
  async run(): Promise<void> {
    const { watch } = this.stage;
    try {
      if (await this.boot()) await this.serve();
    } catch (error) {
      if (!(error instanceof Dead) && !(error instanceof Lost)) {
        // A refused credential ends a worker; so does memory that is not its own.
        watch.note(`${this.name} ends: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    this.exit(this.disk.unsaved.size > 0 ? 1 : 0);
  }

  /** SIGTERM. */
  told(): void {
    this.stage.watch.note(`${this.name} gets SIGTERM`);
    this.stopping.abort();
  }

  /** The network is back. */
  heal(): void {
    this.line.heal();
  }

  private get name(): string {
    return this.workerId.slice(-6);
  }

  private async boot(): Promise<boolean> {
    const { random, plan, cloud } = this.stage;
    const deaf = plan.troubles.has("deaths") && !cloud.isCalm && random.chance(0.04);
    await this.sleep(random.chance(0.9) ? random.between(500, 20_000) : random.between(20_000, 280_000));
    if (deaf) {
      this.stage.watch.note(`${this.name} never calls`);
      while (this.isRunning && !this.stage.stop.signal.aborted) await this.stage.time.sleep(60_000);
      return false;
    }
    const memory = await this.line.insisting(() => this.line.call<Bound | null>("getWorkerMemory", {}));
    if (memory) await this.takeUp(memory);
    this.line.listen();
    return true;
  }

  private async serve(): Promise<void> {
    const { stop } = this.stage;
    let failures = 0;
    while (!this.stopping.signal.aborted && !stop.signal.aborted) {
      try {
        if (this.bound && (this.disk.marker?.turns ?? 0) >= this.bound.everyTurns)
          await this.save("periodic");
        let job = await this.claim();
        while (job !== null) job = await this.work(job);
        failures = 0;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        failures += 1;
        await this.sleep(Math.min(30_000, 1_000 * 2 ** failures));
        continue;
      }
      if (this.stopping.signal.aborted) break;
      await this.waiting.untilNextClaim(AbortSignal.any([stop.signal, this.stopping.signal]));
      this.mustLive();
      this.mayDie(0.01);
    }
    if (!stop.signal.aborted) await this.finish();
  }

  private async claim(): Promise<Job | null> {
    this.waiting.claiming();
    const { listens } = this.waiting;
    const args = { stateful: true, ...this.itself, ...(listens === undefined ? {} : { listens }) };
    const { job, idle } = await this.line.call<Polled>("poll", args);
    if (job) return job;
    this.waiting.told({ retryAfterMs: idle?.retryAfterMs });
    if (idle?.shouldStop) this.requestStop();
    // Others wait for its place.
    else if (idle?.release && this.stage.plan.heedsRequests && (await this.release()))
      return await this.claim();
    return null;
  }

  private requestStop(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    this.stopping.abort();
  }

  /** @returns the next job, when the same call has brought one. */
  private async work(job: Job): Promise<Job | null> {
    const { random, tally } = this.stage;
    const memory = await this.line.call<Bound | null>("getWorkerMemory", { leaseId: job.leaseId });
    this.leaseId = job.leaseId;
    if (memory?.conversationId !== job.conversationId) return null;
    if (this.bound?.conversationId !== memory.conversationId || this.bound.generation !== memory.generation)
      await this.takeUp(memory);
    const { marker } = this.disk;
    if (marker) marker.turns += 1;
    let until = job.leaseExpiresAt;
    let left = random.chance(0.2) ? random.between(10_000, 100_000) : random.between(200, 8_000);
    for (; left > 0; left -= HEARTBEAT_MS) {
      await this.sleep(Math.min(left, HEARTBEAT_MS));
      this.mayDie(0.08);
      if (left <= HEARTBEAT_MS) break;
      const renewed = await this.renew(job);
      if (renewed === "lost" || this.stage.time.now() > until) return null;
      if (renewed !== null) until = renewed;
    }
    const args = {
      ...this.leaseOf(job),
      turns: [{ role: "assistant", content: "hi" }],
      reply: { text: "hi", parts: 1 },
      outcome: { kind: "complete" },
      ...(this.stopping.signal.aborted ? {} : { claimNext: { hydrate: false }, ...this.itself }),
    };
    const settled = await this.line.insisting(() => this.line.call<Settled>("settle", args));
    this.mayDie(0.08);
    if (!settled.ok) return null;
    tally.answers += 1;
    if (settled.next && this.stopping.signal.aborted) return null;
    return settled.next;
  }

  private async renew(job: Job): Promise<number | "lost" | null> {
    try {
      const renewed = await this.line.call<{ ok: boolean; leaseExpiresAt?: number; shouldStop?: boolean }>(
        "renewLease",
        this.leaseOf(job),
      );
      if (!renewed.ok) return "lost";
      if (renewed.shouldStop) this.requestStop();
      return renewed.leaseExpiresAt ?? null;
    } catch (error) {
      if (error instanceof Lost) return null;
      throw error;
    }
  }

  private leaseOf = ({ messageId, leaseId }: Job) => ({ messageId, leaseId });

  /** Makes the disk this conversation's memory: as it is, from the newest snapshot, or empty. */
  private async takeUp(bound: Bound): Promise<void> {
    const { disk } = this;
    this.bound = null;
    const { marker } = disk;
    const own = marker?.conversationId === bound.conversationId;
    if (marker && !own && marker.turns > 0)
      throw new Error("the disk holds unsaved memory of another conversation");
    const { workspaceId, agentKey, conversationId, generation } = bound;
    const args = {
      workspaceId,
      agentKey,
      conversationId,
      ...(this.leaseId === undefined ? {} : { leaseId: this.leaseId }),
    };
    const newest = await this.line.insisting(() =>
      this.line.call<{ snapshotId: string; generation: number } | null>(
        "getLatestDataSnapshotForRestore",
        args,
      ),
    );
    if (marker && own && keepsDisk(marker, conversationId, newest)) marker.generation = generation;
    else {
      disk.wipe();
      disk.marker = { conversationId, generation, snapshotId: newest?.snapshotId ?? null, turns: 0 };
    }
    this.bound = bound;
  }

  /** false: it was not saved. */
  private async save(reason: "drain" | "manual" | "periodic"): Promise<boolean> {
    const { bound, disk } = this;
    const { engine, time, watch, tally } = this.stage;
    if (bound === null || disk.marker === null) return true;
    try {
      const { workspaceId, agentKey, conversationId, generation } = bound;
      const lease: Record<string, string> = this.leaseId === undefined ? {} : { leaseId: this.leaseId };
      const prepared = await this.line.insisting(
        () =>
          this.line.call<{ snapshotId: string }>("prepareDataSnapshotUpload", {
            workspaceId,
            agentKey,
            conversationId,
            generation,
            reason,
            ...lease,
          }),
        SAVE_ATTEMPTS,
      );
      const { turns } = disk.marker;
      const bytes = new TextEncoder().encode(
        `${conversationId} ${[...disk.unsaved].join()} ${prepared.snapshotId}`,
      );
      watch.archived(prepared.snapshotId, disk);
      await this.sleep(this.stage.random.between(200, 5_000));
      const storageId = await time.during(() => engine.storeFile(COMPONENT, new Blob([bytes])));
      const done = await this.line.insisting(
        () =>
          this.line.call<boolean>("finalizeDataSnapshotUpload", {
            snapshotId: prepared.snapshotId,
            storageId,
            sha256: createHash("sha256").update(bytes).digest("hex"),
            sizeBytes: bytes.byteLength,
          }),
        SAVE_ATTEMPTS,
      );
      if (!done) return false;
      tally.saves += 1;
      disk.marker = { ...disk.marker, snapshotId: prepared.snapshotId, turns: disk.marker.turns - turns };
      return true;
    } catch (error) {
      if (error instanceof Dead) throw error;
      watch.note(`${this.name} could not save: ${String(error)}`);
      return false;
    }
  }

  private get itself(): { instance?: string } {
    return this.stage.plan.heedsRequests ? { instance: this.workerId } : {};
  }

  /** @returns whether it holds nothing any more. */
  private async release(): Promise<boolean> {
    const { bound, disk } = this;
    if (bound === null || !(await this.save("manual"))) return false;
    const args = { conversationId: bound.conversationId, snapshotId: disk.marker?.snapshotId ?? "" };
    if (!(await this.line.call<boolean>("releaseConversation", args))) return false;
    this.bound = null;
    disk.wipe();
    return true;
  }

  private async finish(): Promise<void> {
    if (this.bound === null) return;
    const reason = this.isDraining ? "drain" : "manual";
    const isSaved = await this.save(reason);
    this.stage.watch.note(`${this.name} leaves, ${isSaved ? "saved" : "not saved"}`);
  }

  private mayDie(share: number): void {
    const { random, plan, cloud } = this.stage;
    if (!plan.troubles.has("deaths") || cloud.isCalm || !random.chance(share)) return;
    this.perish();
    throw new Dead();
  }

  /** Its machine dies, and saves nothing. */
  perish(): void {
    if (!this.isRunning) return;
    this.stage.tally.deaths += 1;
    this.stage.watch.note(`${this.name} runs out of memory`);
    this.process.exit({ exitCode: 137, signal: "SIGKILL", outOfMemory: true });
  }

  private exit(exitCode: number): void {
    this.disk.usedAt = this.stage.time.now();
    this.waiting.close();
    if (this.process.running && !this.stage.stop.signal.aborted) this.process.exit({ exitCode });
  }

  private async sleep(ms: number): Promise<void> {
    await this.stage.time.sleep(ms);
    this.mustLive();
  }

  private mustLive(): void {
    if (!this.process.running || this.stage.stop.signal.aborted) throw new Dead();
    this.disk.usedAt = this.stage.time.now();
  }
}
