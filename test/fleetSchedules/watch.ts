/** Sees every commit and every effect at the provider, and says which rule was broken. */
import type { Commit, Engine } from "../../sim/engine/index.js";
import { changesOf, Mirror } from "../schedules/mirror.js";
import { checkRows, isEnded, must } from "../simulation/invariants.js";
import type { VolumeDisk } from "./disk.js";

const DAY_MS = 86_400_000;
/** `fleet.volumeQuarantineMs`. */
const RETENTION_MS = 7 * DAY_MS;
/** A machine's worker has one credential per launch that was handed out; a launch is given up after five failures. */
const MOST_TOKENS = 10;
const TAKEN_FOR_DEAD = new Set(["machine_lost", "never_launched", "died_at_boot", "never_booted"]);
/** `lease.staleAfterMs`: a worker that was heard within it counts as alive. */
const LATELY_MS = 90_000;
/** Lines of what happened that a violation tells. */
const TRACED = 400;

/** What the watch looks up elsewhere. */
export interface Surroundings {
  now(): number;
  /** Machines of ours that exist at the provider. */
  machines(): number;
  disk(volumeId: string): VolumeDisk | undefined;
  diskOf(workerId: string): VolumeDisk | undefined;
  /** When the worker was heard last, if its machine runs and reaches the deployment; null otherwise. */
  heardAt(workerId: string): number | null;
}

export class Watch {
  readonly mirror = new Mirror();
  commits = 0;
  peak = 0;
  /** Rejects with the first violation. */
  readonly violation: Promise<never>;
  private report: (violation: unknown) => void = () => undefined;
  private isOver = false;
  private readonly notes: string[] = [];
  private readonly startedAt: number;
  /** What each upload holds, by its snapshot. */
  private readonly archives = new Map<string, { disk: VolumeDisk; messages: string[] }>();

  constructor(
    private readonly around: Surroundings,
    private readonly cap: number,
  ) {
    this.startedAt = around.now();
    this.violation = new Promise((_resolve, reject) => (this.report = reject));
    this.violation.catch(() => undefined);
  }

  note(text: string): void {
    const s = Math.floor((this.around.now() - this.startedAt) / 1_000);
    const two = (value: number) => String(value).padStart(2, "0");
    this.notes.push(`${two(Math.floor(s / 3_600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)} ${text}`);
    if (this.notes.length > TRACED * 20) this.notes.splice(0, TRACED);
  }

  trace(most = TRACED): string {
    return this.notes.slice(-most).join("\n  ");
  }

  attach(engine: Engine): void {
    engine.onCommit((commit) => this.guard(() => this.after(commit)));
  }

  guard(check: () => void): void {
    if (this.isOver) return;
    try {
      check();
    } catch (error) {
      this.isOver = true;
      this.report(error);
    }
  }

  /** A schedule that is over is not watched any more. */
  end(): void {
    this.isOver = true;
  }

  machineMade(id: string): void {
    this.guard(() => {
      const count = this.around.machines();
      this.peak = Math.max(this.peak, count);
      must(
        count <= this.cap,
        `the cap is never exceeded: ${count} machines exist with ${id}, ${this.cap} may`,
      );
    });
  }

  volumeGoes(id: string): void {
    this.guard(() => {
      const disk = this.around.disk(id);
      if (!disk || disk.unsaved.size === 0) return;
      const restedMs = this.around.now() - disk.usedAt;
      must(
        restedMs >= RETENTION_MS,
        `no unsaved memory is deleted: volume ${disk.name} of ${disk.marker?.conversationId} holds ${disk.unsaved.size} unsaved answers and was used ${Math.round(restedMs / 60_000)} min ago`,
      );
    });
  }

  /** An upload holds what the disk holds now. */
  archived(snapshotId: string, disk: VolumeDisk): void {
    this.archives.set(snapshotId, { disk, messages: [...disk.unsaved] });
  }

  private after(commit: Commit): void {
    if (!this.mirror.apply(commit)) return;
    this.commits += 1;
    this.noteMachines(commit);
    this.noteAnswers(commit);
    for (const { after, before } of changesOf(commit, "dataSnapshots"))
      if (after?.status === "ready" && before?.status === "uploading") {
        const archive = this.archives.get(after._id);
        for (const message of archive?.messages ?? []) archive?.disk.unsaved.delete(message);
        this.note(`snapshot of ${after.conversationId ?? "nobody"} by ${after.workerId.slice(-6)} is ready`);
      }
    for (const { before, after } of changesOf(commit, "quarantinedVolumes")) {
      const row = after ?? before;
      if (row && (!before || !after || before.takenBy !== after.takenBy))
        this.note(
          `kept volume ${row.volumeName}: ${after ? (after.takenBy ? `taken by ${after.takenBy.slice(-6)}` : "kept") : "forgotten"} (${commit.writer})`,
        );
    }
    for (const { before, after } of changesOf(commit, "orphans"))
      if (!before || !after)
        this.note(
          `orphan ${(after ?? before)?.kind} ${(after ?? before)?.name} ${after ? "noted" : "forgotten"} (${commit.writer})`,
        );
    for (const { before, after } of changesOf(commit, "workers"))
      if (after && before?.status !== after.status)
        this.note(`worker ${after.workerId.slice(-6)} is ${after.status} (${commit.writer})`);
    for (const { before, after } of changesOf(commit, "conversations"))
      if (after && before?.owner !== after.owner)
        this.note(
          `${after.conversationId} belongs to ${after.owner?.slice(-6) ?? "nobody"} (${commit.writer})`,
        );
  }

  private noteMachines(commit: Commit): void {
    for (const { before, after } of changesOf(commit, "machines")) {
      if (!after) continue;
      const name = after.worker.slice(-6);
      if (
        before?.step !== after.step ||
        before.attempt !== after.attempt ||
        before.machineId !== after.machineId
      )
        this.note(
          `machine ${name} ${after.step} attempt ${after.attempt}${after.machineId === before?.machineId ? "" : `, id ${after.machineId}`}${after.stop && !before?.stop ? `, stop: ${after.stop.reason}` : ""} (${commit.writer})`,
        );
      if (after.stop && !before?.stop && TAKEN_FOR_DEAD.has(after.stop.reason)) {
        const heardAt = this.around.heardAt(after.worker);
        must(
          heardAt === null || this.around.now() - heardAt > LATELY_MS,
          `nobody alive is taken for dead: ${name} is stopped as ${after.stop.reason}`,
        );
      }
      if (after.drain && !before?.drain) this.note(`machine ${name} drains: ${after.drain.reason}`);
      if (after.problem && before?.problem?.at !== after.problem.at)
        this.note(`machine ${name}: ${after.problem.message.slice(0, 120)}`);
      must(
        after.tokenIds.length <= MOST_TOKENS,
        `no credential is minted without end: machine ${name} has ${after.tokenIds.length}`,
      );
    }
  }

  private noteAnswers(commit: Commit): void {
    const changes = changesOf(commit, "messageQueue");
    if (changes.length === 0) return;
    for (const { before, after } of changes) {
      if (!before && after) this.note(`message ${after._id} to ${after.conversationId}`);
      must(
        before?.status !== "done" ||
          after === null ||
          (after.status === "done" && after.endedBy === before.endedBy),
        "a message is answered once",
      );
      if (after?.status === "dead_letter" && before?.status !== "dead_letter")
        this.note(`message ${after._id} is dead: ${after.lastError}`);
      if (after?.status !== "done" || before?.status === "done") continue;
      const lease = after.endedBy && this.mirror.row("leases", after.endedBy);
      this.note(
        `message ${after._id} of ${after.conversationId} is answered by ${lease ? lease.worker.slice(-6) : "?"}`,
      );
      if (lease) this.around.diskOf(lease.worker)?.unsaved.add(after._id);
      const earlier = this.mirror
        .rows("messageQueue")
        .filter(
          ({ conversation, _creationTime }) =>
            conversation === after.conversation && _creationTime < after._creationTime,
        );
      must(earlier.every(isEnded), `${after.conversationId} is answered in order`);
    }
    checkRows(this.mirror.queue());
  }
}
