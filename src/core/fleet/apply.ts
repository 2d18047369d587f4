/**
 * Turns a plan into intents, in one transaction: each command re-reads its row and does nothing when that has moved on, slots
 * are reserved by counting the living machines for real, and what is to be done at the provider is handed to actions.
 * Five passes at once therefore launch no more than one.
 */
import { asMutation } from "../functions.js";
import { v, type Infer } from "convex/values";
import { vScalingPolicy } from "../../contract/policies.js";
import { vProviderConfig } from "../../contract/queue.js";
import { planFleet } from "../../policy/fleet/plan.js";
import type { Command, FleetView, Observation, WaitingView } from "../../policy/fleet/types.js";
import { volumeName } from "../../policy/fleet/volumeName.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { bindWorker } from "../workers/binding.js";
import { newestLease } from "../workers/reads.js";
import { findWorker } from "../workers/register.js";
import { transitionWorker } from "../workers/transition.js";
import { vListing, vVolumeListing, withListing } from "./listing.js";
import { MAX_MACHINES } from "./observe.js";
import { noteMachineOrphans, noteVolumeOrphans } from "./orphans.js";
import { patchFleetState, wakeFleet } from "./state.js";
import { pauseLaunches } from "./steps.js";

/** After this many failures of one launch its machine is given up; the conversation gets another one. */
const MAX_LAUNCH_FAILURES = 5;
/** What became ready this shortly before a pass may not have been in its snapshot: one more pass looks. */
const OVERLAP_MS = 2_000;
const MAX_BLOCKED_KEPT = 50;

const vHandedOut = v.object({ machine: v.id("machines"), attempt: v.number() });
export type HandedOut = Infer<typeof vHandedOut>;

export const apply = asMutation({
  args: {
    config: vProviderConfig,
    listing: v.union(v.null(), vListing),
    volumes: v.union(v.null(), vVolumeListing),
    /** false: only look after what is there. */
    launch: v.boolean(),
    scaling: v.optional(vScalingPolicy),
    workspace: v.union(v.string(), v.null()),
    /** false: the caller carries the intents out itself, with a credential of its own. */
    schedule: v.boolean(),
  },
  returns: v.object({
    activeWorkers: v.number(),
    spawned: v.number(),
    terminated: v.number(),
    stopped: v.number(),
    pending: v.number(),
    checked: v.number(),
    rearmed: v.boolean(),
    launches: v.array(vHandedOut),
    retirements: v.array(vHandedOut),
  }),
})(async (ctx, args) => {
  const now = Date.now();
  const observation: Observation = await ctx.runQuery(
    internal.fleet.observe,
    { now, workspace: args.workspace },
    { useStaleSnapshot: true },
  );
  const scaled = args.scaling ? { ...observation, scaling: args.scaling } : observation;
  const view = withListing(
    args.launch ? scaled : { ...scaled, waiting: [] },
    args.config.image,
    args.listing,
  );
  const plan = planFleet(view);
  const work = new Work(ctx, args.config, view, now);
  await work.noteMissed();
  for (const command of plan.commands) await work.carryOut(command);
  let orphans = view.orphans;
  if (args.listing?.complete) orphans = await noteMachineOrphans(ctx, args.listing.machines, now, view.fleet);
  if (args.volumes) orphans += await noteVolumeOrphans(ctx, args.volumes, now, view.fleet);

  if (args.schedule) {
    for (const intent of work.launches) await ctx.scheduler.runAfter(0, internal.cloud.runLaunch, intent);
    for (const intent of work.retirements)
      await ctx.scheduler.runAfter(0, internal.cloud.runRetirement, intent);
  }
  const live = view.machines.length + work.spawned;
  const rearmed = live > 0 || view.waiting.length > 0 || orphans > 0;
  await patchFleetState(ctx, {
    passAt: undefined,
    runningSince: undefined,
    lastPassAt: now,
    ...(args.listing ? { lastListedAt: now, listWanted: undefined } : {}),
    ...(args.volumes ? { lastVolumesListedAt: now, volumesDirty: undefined } : {}),
    seenReadyAt: now - OVERLAP_MS,
    // A launch that failed is still worth knowing; that passes work again is said by this one.
    ...(view.launchesPausedUntil === 0 ? { problem: undefined } : {}),
    blocked: plan.blocked.slice(0, MAX_BLOCKED_KEPT),
  });
  if (rearmed) await wakeFleet(ctx, now + view.scaling.reconcileIntervalMs);
  const { spawned, terminated, stopped, launches, retirements } = work;
  const active = view.machines.filter(({ status }) => status === "active").length;
  return {
    activeWorkers: active + spawned - terminated,
    spawned,
    terminated,
    stopped,
    pending: view.machines.length - active + terminated,
    checked: view.machines.length,
    rearmed,
    launches,
    retirements,
  };
});

const bootFailures: Partial<Record<string, string>> = {
  died_at_boot:
    "A machine ended before its worker made its first call. Look at its log: the image, its settings, its memory.",
  never_booted:
    "A machine's worker made no call in time. Look at its log: the image, its network, its settings.",
};

/** One pass's writes and their counts. */
class Work {
  spawned = 0;
  terminated = 0;
  stopped = 0;
  readonly launches: HandedOut[] = [];
  readonly retirements: HandedOut[] = [];
  private room: number | null = null;

  constructor(
    private readonly ctx: MutationCtx,
    private readonly config: Infer<typeof vProviderConfig>,
    private readonly view: FleetView,
    private readonly now: number,
  ) {}

  async noteMissed(): Promise<void> {
    for (const machine of this.view.machines) {
      if (machine.seen === "unlisted") continue;
      const row = await this.rowOf(machine.worker);
      if (row && (row.missed ?? 0) !== machine.missed)
        await this.ctx.db.patch(row._id, { missed: machine.missed });
    }
  }

  async carryOut(command: Command): Promise<void> {
    if (command.kind === "launch") return await this.launch(command.for);
    const row = await this.rowOf(command.worker);
    const worker = await findWorker(this.ctx, command.worker);
    if (!row?.live || !worker) return;
    switch (command.kind) {
      case "booted":
        if (row.step !== "booting") return;
        // No deadline while it serves: a retirement that others begin is taken up by the next pass.
        await this.ctx.db.patch(row._id, {
          step: "running",
          bootedAt: this.now,
          stepDeadlineAt: 0,
          failures: 0,
        });
        return await patchFleetState(this.ctx, { launchFailures: undefined, launchesPausedUntil: undefined });
      case "resume":
        return await this.resume(row, worker);
      case "drain":
        return await this.drain(row, worker, command.reason);
      case "stop":
        return await this.stop(row, worker, command.reason);
    }
  }

  private async resume(row: Doc<"machines">, worker: Doc<"workers">): Promise<void> {
    if (row.stepDeadlineAt > this.now) return;
    if (worker.status === "stopping" || worker.status === "stopped")
      return await this.handOut(row, this.retirements, {
        step: "retiring",
        stop: row.stop ?? { reason: "drained", at: this.now },
      });
    if (row.step !== "launching") return;
    if (row.failures >= MAX_LAUNCH_FAILURES) return await this.stop(row, worker, "never_launched");
    await this.handOut(row, this.launches, {});
  }

  private async drain(row: Doc<"machines">, worker: Doc<"workers">, reason: string): Promise<void> {
    if (worker.status !== "active") return;
    const deadlineAt = this.now + this.view.fleet.drainDeadlineMs;
    await this.ctx.db.patch(row._id, { drain: { reason, at: this.now, deadlineAt } });
    await transitionWorker(this.ctx, worker, "draining");
    this.terminated += 1;
    const lease = await newestLease(this.ctx, worker.workerId);
    // Nothing to save and nothing in hand: it need not even notice.
    if (worker.binding || lease?.state === "live") return;
    const drained = { ...worker, status: "draining" as const };
    await this.stop({ ...row, drain: { reason, at: this.now, deadlineAt } }, drained, "drained");
  }

  private async stop(row: Doc<"machines">, worker: Doc<"workers">, reason: string): Promise<void> {
    if (worker.status === "stopping" || worker.status === "stopped") return;
    if (worker.status === "active") this.terminated += 1;
    await transitionWorker(this.ctx, worker, "stopping");
    this.stopped += 1;
    const why = bootFailures[reason];
    // An image that dies at boot must not be launched again and again at full speed.
    if (why !== undefined) await pauseLaunches(this.ctx, { code: reason, message: why, at: this.now });
    await this.handOut(row, this.retirements, {
      step: "retiring",
      stop: { reason, at: this.now },
      failures: 0,
    });
  }

  private async launch(waiting: WaitingView): Promise<void> {
    this.room ??= await this.roomNow();
    if (this.room <= 0) return;
    const id = this.ctx.db.normalizeId("conversations", waiting.id);
    const conversation = id && (await this.ctx.db.get(id));
    if (conversation?.state !== "ready" || conversation.owner !== undefined) return;
    const { stateful, lanes, stepDeadlineMs } = this.view.fleet;
    const workerId = `afw-${this.now}-${randomSuffix()}`;
    const workerRow = await this.ctx.db.insert("workers", {
      workerId,
      provider: this.config.kind,
      status: "active",
      lanes,
      registeredAt: this.now,
      stateful,
    });
    if (stateful) {
      const owned = await bindWorker(
        this.ctx,
        { _id: workerRow, workerId, binding: undefined },
        conversation,
      );
      await this.ctx.db.patch(conversation._id, owned);
    }
    const machine = await this.ctx.db.insert("machines", {
      worker: workerId,
      workerRow,
      live: true,
      step: "launching",
      provider: this.config.kind,
      appName: this.config.appName,
      image: this.config.image,
      madeFor: conversation.conversationId,
      volumeName: volumeName(this.config.volumeName, workerId),
      tokenIds: [],
      createdAt: this.now,
      attempt: 1,
      failures: 0,
      stepDeadlineAt: this.now + stepDeadlineMs,
    });
    this.launches.push({ machine, attempt: 1 });
    this.spawned += 1;
    this.room -= 1;
  }

  /** Free places under the cap, counted for real: whoever launches at the same time is retried and counts again. */
  private async roomNow(): Promise<number> {
    const live = await this.ctx.db
      .query("machines")
      .withIndex("by_live", (q) => q.eq("live", true))
      .take(MAX_MACHINES);
    return Math.min(this.view.scaling.maxWorkers, MAX_MACHINES) - live.length - this.view.orphans;
  }

  private async handOut(
    row: Doc<"machines">,
    to: HandedOut[],
    fields: Partial<Doc<"machines">>,
  ): Promise<void> {
    const attempt = row.attempt + 1;
    const stepDeadlineAt = this.now + this.view.fleet.stepDeadlineMs;
    await this.ctx.db.patch(row._id, { ...fields, attempt, stepDeadlineAt });
    to.push({ machine: row._id, attempt });
  }

  private rowOf(worker: string): Promise<Doc<"machines"> | null> {
    return this.ctx.db
      .query("machines")
      .withIndex("by_worker", (q) => q.eq("worker", worker))
      .unique();
  }
}

/** 16 characters of base 36: two passes in one millisecond cannot collide. */
const randomSuffix = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte % 36).toString(36)).join("");
