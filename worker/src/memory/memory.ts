/**
 * The memory of a stateful engine: one conversation's data directory at a time. Taken up (kept or restored) before the
 * engine runs, saved in the middle and at the end of the worker's life, given up on request. Only the conversation that the
 * component has bound this worker to is ever saved, and a worker that never had one saves nothing.
 */
import type { Logger } from "pino";
import type { SnapshotReason } from "../../../src/contract/snapshots.js";
import { keepsDisk } from "../../../src/policy/snapshots/keepVolume.js";
import { equalJitter } from "../../../src/policy/retry/backoff.js";
import { repeat } from "../retry.js";
import type { Clock } from "../clock.js";
import type { Engine } from "../engine/engine.js";
import { TransportError } from "../transport/transport.js";
import { pack, unpack } from "./archive.js";
import type { Disk, Marker } from "./disk.js";
import { MemoryError, memoryErrorOf } from "./memoryError.js";
import { loadArchive, storeArchive, type SnapshotStorage } from "./storage/storage.js";
import type {
  MemoryTransport,
  PreparedSnapshot,
  RestorableSnapshot,
  StoredArchive,
  WorkerMemory,
} from "./transport.js";

export interface MemoryDeps {
  transport: MemoryTransport;
  disk: Disk;
  engine: Pick<Engine, "quiesce" | "resume">;
  clock: Clock;
  log: Logger;
  /** Longest restore, and longest snapshot with its upload, in ms. */
  timeoutMs: number;
  /** Where archives go; absent: to the deployment's own file storage. */
  storage?: SnapshotStorage | undefined;
  /** Recorded with each snapshot. */
  versions: Record<string, string>;
  /** Brings the skills, which lie in the directories of the memory, back to what is approved; the engine rests meanwhile. */
  refreshSkills?: (signal: AbortSignal) => Promise<unknown>;
}

/** After a periodic snapshot that failed: turns until the next try. */
const RETRY_AFTER_TURNS = 5;
const CALL_ATTEMPTS = 6;
const backoff = equalJitter(250, 5_000);

/** Owns the data directory. Its calls must not overlap, and none may run beside the engine. */
export class Memory {
  private bound: WorkerMemory | null = null;
  private leaseId: string | undefined;
  private dueAt = Infinity;
  private blockedBy: string | null = null;

  constructor(private readonly deps: MemoryDeps) {}

  /** Whether this worker holds a conversation's memory. */
  get attached(): boolean {
    return this.bound !== null;
  }
  /** Why this worker can take no conversation at all, or null. */
  get blocked(): string | null {
    return this.blockedBy;
  }
  /** Whether so many turns are unsaved that a snapshot is due before the next message. */
  get due(): boolean {
    return this.bound !== null && this.unsaved >= this.dueAt;
  }
  private get unsaved(): number {
    return this.deps.disk.marker?.turns ?? 0;
  }

  /**
   * Before the engine starts: takes up the conversation that this worker is bound to, if any. A failure is left to the first
   * message, which then fails with it. Rejects only where the disk cannot be used at all.
   */
  async boot(expectedConversation: string | undefined): Promise<void> {
    await this.deps.disk.open();
    try {
      const bound = await this.deps.transport.memory(undefined);
      if (bound !== null) await this.takeUp(bound, AbortSignal.timeout(this.deps.timeoutMs));
      const conversationId = bound?.conversationId ?? null;
      if (expectedConversation !== undefined && expectedConversation !== conversationId)
        this.deps.log.warn({ expectedConversation, conversationId }, "memory.notBoundAsExpected");
    } catch (error) {
      this.deps.log.warn({ err: memoryErrorOf(error) }, "memory.notRestoredAtBoot");
    }
  }

  /** Before a run for this message: makes the disk the conversation's memory. Rejects with a {@link MemoryError}. */
  async ensure(job: { conversationId: string; leaseId: string }, signal: AbortSignal): Promise<void> {
    try {
      const bound = await this.deps.transport.memory(job.leaseId, signal);
      if (bound?.conversationId !== job.conversationId)
        throw new MemoryError("not_bound", "the component has not bound this conversation to this worker");
      this.leaseId = job.leaseId;
      const held = this.bound;
      if (held?.conversationId !== bound.conversationId || held.generation !== bound.generation)
        await this.takeUp(bound, AbortSignal.any([signal, AbortSignal.timeout(this.deps.timeoutMs)]), true);
      const { disk } = this.deps;
      // Before the run: a run that crashes the machine has left something too.
      if (disk.marker !== null) await disk.mark({ ...disk.marker, turns: disk.marker.turns + 1 });
    } catch (error) {
      signal.throwIfAborted();
      throw memoryErrorOf(error);
    }
  }

  /** Takes a snapshot. false: it was not taken, the log says why; the memory is still on the disk. Never rejects. */
  async save(reason: SnapshotReason): Promise<boolean> {
    const { bound } = this;
    if (bound === null) return true;
    const signal = AbortSignal.timeout(this.deps.timeoutMs);
    let prepared: PreparedSnapshot | null = null;
    let uploaded: (StoredArchive & { sha256: string }) | undefined;
    try {
      prepared = await this.call(signal, () =>
        this.deps.transport.prepareSnapshot(
          bound,
          { reason, versions: this.deps.versions, leaseId: this.leaseId },
          signal,
        ),
      );
      const packed = await this.packed(bound);
      const { clock, storage } = this.deps;
      const stored = await storeArchive(storage, bound, prepared, packed, clock, signal);
      const { sha256, sizeBytes } = packed;
      uploaded = { ...stored, sha256 };
      const { snapshotId } = prepared;
      const ready = await this.call(signal, () =>
        this.deps.transport.finalizeSnapshot({ snapshotId, ...stored, sha256, sizeBytes }, signal),
      );
      if (!ready) throw new MemoryError("unavailable", "the component did not take the snapshot");
      await this.mark(bound, {
        snapshotId,
        snapshotGeneration: bound.generation,
        savedAt: clock.now(),
      });
      for (const old of prepared.discardable ?? []) await storage?.remove(old, signal);
      this.dueAt = bound.everyTurns;
      const { count, reasons, examples } = packed.leftOut;
      const leftOut = count === 0 ? undefined : { count, reasons, examples };
      this.deps.log.info({ snapshotId, reason, sizeBytes, leftOut }, "memory.saved");
      return true;
    } catch (error) {
      const known = memoryErrorOf(error);
      this.dueAt = this.unsaved + RETRY_AFTER_TURNS;
      this.deps.log.error({ reason, err: known }, "memory.notSaved");
      if (prepared !== null) await this.report(prepared.snapshotId, known.message, uploaded);
      return false;
    } finally {
      await this.deps.disk.dropArchive();
    }
  }

  /**
   * At the worker's end. A drained worker is waited for until its snapshot is there, so it takes one even if nothing is new;
   * any other gives its conversation up as well, so that another worker need not wait until this one counts as lost.
   * false: there is memory that could not be saved.
   */
  async finish(reason: "drain" | "signal" | "manual"): Promise<boolean> {
    if (this.bound === null) return true;
    if (reason === "drain") return await this.save(reason);
    if (!this.saved && !(await this.save(reason))) return false;
    await this.handOver(this.bound, reason);
    return true;
  }

  /** Saves, gives the conversation up and empties the disk. false: not yet, or the answer was lost. Never rejects. */
  async release(): Promise<boolean> {
    const { bound } = this;
    if (bound === null) return true;
    if (!this.saved && !(await this.save("manual"))) return false;
    if (!(await this.handOver(bound, "manual"))) return false;
    const { disk, log } = this.deps;
    try {
      await this.quietly(async () => {
        await disk.newIncoming();
        await disk.swapIn(null);
      });
      return true;
    } catch (error) {
      // The marker says that everything is saved: the next conversation empties the disk before it is taken up.
      log.error({ err: memoryErrorOf(error) }, "memory.notEmptied");
      return true;
    }
  }

  /** Gives up what is saved. Turns that were written without this worker may make its snapshot too old: then with another one. */
  private async handOver(bound: WorkerMemory, reason: SnapshotReason): Promise<boolean> {
    let end = await this.giveUp(bound);
    if (end === "refused" && (await this.save(reason))) end = await this.giveUp(bound);
    if (end === "refused") this.deps.log.warn({ conversationId: bound.conversationId }, "memory.notReleased");
    return end === "given";
  }

  /** What is saved is free for others; the disk stays as it is. */
  private async giveUp({ conversationId }: WorkerMemory): Promise<"given" | "refused" | "unknown"> {
    const { disk, log, transport, timeoutMs } = this.deps;
    const given = { conversationId, snapshotId: disk.marker?.snapshotId ?? "" };
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      if (!(await this.call(signal, () => transport.release(given, signal)))) return "refused";
    } catch (error) {
      log.warn({ conversationId, err: memoryErrorOf(error) }, "memory.notReleased");
      return "unknown";
    }
    this.bound = null;
    log.info({ conversationId }, "memory.released");
    return "given";
  }

  /** Everything on the disk is in a snapshot of the present ownership. */
  private get saved(): boolean {
    const marker = this.deps.disk.marker;
    return (
      marker?.turns === 0 &&
      marker.snapshotId !== null &&
      marker.snapshotGeneration === this.bound?.generation
    );
  }

  /** Makes the disk this conversation's memory: as it is, from the newest snapshot, or empty. */
  private async takeUp(bound: WorkerMemory, signal: AbortSignal, running = false): Promise<void> {
    const { disk, log, transport } = this.deps;
    this.bound = null;
    const { marker } = disk;
    const own = marker !== null && isOf(marker, bound);
    if (marker !== null && !own && marker.turns > 0) {
      this.blockedBy = "the data directory holds unsaved memory of another conversation";
      throw new MemoryError("foreign", this.blockedBy);
    }
    const newest = await transport.restore(bound, this.leaseId, signal);
    const { conversationId } = bound;
    if (own && keepsDisk(marker, conversationId, newest)) {
      await disk.mark({ ...marker, generation: bound.generation });
      log.info({ conversationId, turns: marker.turns }, "memory.kept");
    } else if (newest !== null) {
      if (own && marker.turns > 0) log.warn({ conversationId, turns: marker.turns }, "memory.diskSuperseded");
      await this.restore(bound, newest, signal, running);
    } else if (marker !== null) {
      await disk.newIncoming();
      await this.quietly(() => disk.swapIn(freshMarker(bound, this.deps.versions)), running);
    } else {
      await disk.mark(freshMarker(bound, this.deps.versions));
    }
    const { refreshSkills } = this.deps;
    if (running && refreshSkills !== undefined) {
      await this.quietly(() => refreshSkills(signal)).catch((cause: unknown) => {
        throw new MemoryError("unavailable", "the skills could not be brought up to date", { cause });
      });
    }
    this.bound = bound;
    this.dueAt = bound.everyTurns;
  }

  private async restore(
    bound: WorkerMemory,
    newest: RestorableSnapshot,
    signal: AbortSignal,
    running: boolean,
  ): Promise<void> {
    const { disk, clock, log } = this.deps;
    const { sha256, sizeBytes, snapshotId } = newest;
    const file = disk.archive;
    const expected = { sha256, sizeBytes, maxBytes: bound.maxBytes };
    await loadArchive(this.deps.storage, newest, file, expected, clock, signal)
      .then(async () => unpack(disk.place, file, await disk.newIncoming(), unpackedLimit(bound)))
      .finally(() => disk.dropArchive());
    const marker = {
      ...freshMarker(bound, this.deps.versions),
      snapshotId,
      snapshotGeneration: newest.generation,
      savedAt: newest.createdAt,
    };
    await this.quietly(() => disk.swapIn(marker), running);
    log.info({ conversationId: bound.conversationId, snapshotId, sizeBytes }, "memory.restored");
  }

  private async packed(bound: WorkerMemory) {
    const { disk } = this.deps;
    const packed = await this.quietly(() => pack(disk.place, disk.archive, unpackedLimit(bound)));
    const { maxBytes } = bound;
    if (packed.sizeBytes <= maxBytes) return packed;
    throw new MemoryError("too_large", `the archive has ${packed.sizeBytes} bytes; ${maxBytes} are allowed`);
  }

  private async mark(
    bound: WorkerMemory,
    saved: Pick<Marker, "snapshotId" | "snapshotGeneration" | "savedAt">,
  ): Promise<void> {
    await this.deps.disk.mark({ ...freshMarker(bound, this.deps.versions), ...saved });
  }

  /** Nothing of the engine touches the disk meanwhile. */
  private async quietly<T>(work: () => Promise<T>, running = true): Promise<T> {
    if (!running) return await work();
    const { engine } = this.deps;
    await engine.quiesce?.();
    try {
      return await work();
    } finally {
      await engine.resume?.();
    }
  }

  /** Repeats a call that may succeed later. */
  private call<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const onFailure = (error: unknown, failures: number): void => {
      const retryable = error instanceof TransportError && error.retryable;
      if (!retryable || failures >= CALL_ATTEMPTS || signal.aborted) throw error;
    };
    const { clock } = this.deps;
    // Not by the signal: a call that is cut short says so itself.
    const sleep = (ms: number): Promise<void> => clock.sleep(ms, signal);
    return repeat(attempt, { clock: { random: () => clock.random(), sleep }, backoff, onFailure });
  }

  /** One attempt to tell the component; the row expires by itself otherwise. */
  private async report(
    snapshotId: string,
    error: string,
    uploaded: (StoredArchive & { sha256: string }) | undefined,
  ): Promise<void> {
    const { storage, timeoutMs, transport } = this.deps;
    const upload = uploaded !== undefined && "storageId" in uploaded ? uploaded : undefined;
    const failed = { snapshotId, error, ...(upload === undefined ? {} : { upload }) };
    const unused = await transport.failSnapshot(failed).catch(() => false);
    // Only then: a finalize whose answer was lost may have made it the newest memory.
    if (unused && uploaded !== undefined && "location" in uploaded)
      await storage?.remove(uploaded.location, AbortSignal.timeout(timeoutMs));
  }
}

/** Text packs to about a tenth. */
const unpackedLimit = ({ maxBytes }: WorkerMemory): number => 10 * maxBytes;

const isOf = (marker: Marker, bound: WorkerMemory): boolean =>
  marker.conversationId === bound.conversationId &&
  marker.workspaceId === bound.workspaceId &&
  marker.agentKey === bound.agentKey;

const freshMarker = (bound: WorkerMemory, versions: Record<string, string>): Marker => ({
  workspaceId: bound.workspaceId,
  agentKey: bound.agentKey,
  conversationId: bound.conversationId,
  generation: bound.generation,
  snapshotId: null,
  snapshotGeneration: null,
  savedAt: null,
  turns: 0,
  versions,
});
