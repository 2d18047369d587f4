/**
 * Carries one command of a plan out, each in a transaction of its own: it re-reads the rows that it changes and does nothing when
 * they have moved on, so one that meets a worker's call repeats nothing but itself. What is to be done at the provider is
 * handed to actions as an intent, numbered by `attempt`.
 */
import { asMutation } from "../functions.js";
import { v, type Infer } from "convex/values";
import { vProviderConfig } from "../../contract/queue.js";
import { vFleetPolicy } from "../../contract/policies.js";
import { stepAfter, stepDeadline } from "../../policy/fleet/life.js";
import { vSteering, vWaitingView } from "../../policy/fleet/types.js";
import { volumeName } from "../../policy/fleet/volumeName.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { bindWorker } from "../workers/bindWorker.js";
import { newestLease } from "../workers/reads.js";
import { findBeat, findWorker } from "../workers/register.js";
import { transitionWorker } from "../workers/transition.js";
import { findFence, setFence } from "./fences.js";
import { vIntent } from "./reports.js";

/** After this many attempts, whether they failed or said nothing, a launch is given up; the conversation gets another machine. */
const MAX_LAUNCHES = 5;

const vHandedOut = v.object(vIntent);
export type HandedOut = Infer<typeof vHandedOut>;

/** `schedule` false: the caller carries the intents out itself, with a credential of its own. */
const vOptions = { fleet: vFleetPolicy, schedule: v.boolean() };

/**
 * Reserves a place and orders a machine for a conversation. `launches` is the number of launches that the plan knew of: when another
 * pass has launched since, this one gives up, so the cap is what the plan made of it, and never exceeded. Two orders at once
 * conflict over the fence, and that is what makes the second one see the first.
 */
export const launch = asMutation({
  args: { for: vWaitingView, launches: v.number(), config: vProviderConfig, ...vOptions },
  returns: v.union(v.literal("outdated"), v.null(), vHandedOut),
})(async (ctx, { for: waiting, launches, config, fleet, schedule }) => {
  if (((await findFence(ctx, "launch"))?.value ?? 0) !== launches) return "outdated" as const;
  const id = ctx.db.normalizeId("conversations", waiting.id);
  const conversation = id && (await ctx.db.get(id));
  if (conversation?.state !== "ready" || conversation.owner !== undefined) return null;
  const now = Date.now();
  const workerId = `afw-${now}-${randomSuffix()}`;
  const workerRow = await ctx.db.insert("workers", {
    workerId,
    provider: config.kind,
    status: "active",
    lanes: fleet.lanes,
    registeredAt: now,
    stateful: fleet.stateful,
  });
  if (fleet.stateful) {
    const owned = await bindWorker(ctx, { _id: workerRow, workerId, binding: undefined }, conversation);
    await ctx.db.patch(conversation._id, owned);
  }
  const machine = await ctx.db.insert("machines", {
    worker: workerId,
    workerRow,
    live: true,
    step: "launching",
    provider: config.kind,
    appName: config.appName,
    image: config.image,
    madeFor: conversation.conversationId,
    volumeName: volumeName(config.volumeName, workerId),
    tokenIds: [],
    createdAt: now,
    attempt: 1,
    failures: 0,
    stepDeadlineAt: stepDeadline("launching", fleet, now),
  });
  await setFence(ctx, "launch", { value: launches + 1 });
  const intent = { machine, attempt: 1 };
  if (schedule) await ctx.scheduler.runAfter(0, internal.cloud.runLaunch, intent);
  return intent;
});

const vSteered = v.object({
  /** The command was still right. */
  done: v.boolean(),
  /** An active worker was told to leave. */
  terminated: v.boolean(),
  /** Its machine is to be stopped from now on. */
  stopped: v.boolean(),
  launch: v.optional(vHandedOut),
  retirement: v.optional(vHandedOut),
});
type Steered = Infer<typeof vSteered>;
const NOTHING: Steered = { done: false, terminated: false, stopped: false };

export const steer = asMutation({ args: { command: vSteering, ...vOptions }, returns: vSteered })(async (
  ctx,
  { command, fleet, schedule },
) => {
  const row = await machineOf(ctx, command.worker);
  const worker = await findWorker(ctx, command.worker);
  if (!row?.live) return NOTHING;
  if (command.heardAt !== undefined && (await heardAt(ctx, command.worker)) > command.heardAt) return NOTHING;
  const steered = await new Machine(ctx, row, worker, fleet).follow(command);
  if (schedule && steered.launch) await ctx.scheduler.runAfter(0, internal.cloud.runLaunch, steered.launch);
  if (schedule && steered.retirement)
    await ctx.scheduler.runAfter(0, internal.cloud.runRetirement, steered.retirement);
  return steered;
});

/** The last sign of life of a worker, epoch ms, as passes see it; 0: none. */
async function heardAt(ctx: MutationCtx, worker: string): Promise<number> {
  const { staleAfterMs } = (await loadRuntime(ctx)).policies.lease;
  const beat = await findBeat(ctx, worker);
  const lease = await newestLease(ctx, worker);
  return Math.max(beat ? beat.aliveUntil - staleAfterMs : 0, lease?.seenAt ?? 0);
}

/** One machine and its worker, as they are now. */
class Machine {
  private readonly now = Date.now();

  constructor(
    private readonly ctx: MutationCtx,
    private readonly row: Doc<"machines">,
    /** Null: its row is gone; then nobody serves there any more. */
    private readonly worker: Doc<"workers"> | null,
    private readonly fleet: Infer<typeof vFleetPolicy>,
  ) {}

  async follow(command: Infer<typeof vSteering>): Promise<Steered> {
    switch (command.kind) {
      case "booted":
        return await this.booted();
      case "resume":
        return await this.resume();
      case "drain":
        return await this.drain(command.reason);
      case "stop":
        return await this.stop(command.reason);
    }
  }

  /** Its worker called, whether or not the launch has reported yet. A retirement that others begin is taken up by the next pass. */
  private async booted(): Promise<Steered> {
    const { row, now, fleet } = this;
    const step = stepAfter(row.step, "called");
    if (step === null) return NOTHING;
    await this.ctx.db.patch(row._id, {
      step,
      launchedAt: row.launchedAt ?? now,
      bootedAt: now,
      stepDeadlineAt: stepDeadline(step, fleet, now),
      failures: 0,
      problem: undefined,
    });
    return { ...NOTHING, done: true };
  }

  private async resume(): Promise<Steered> {
    const { row, now } = this;
    if (row.stepDeadlineAt > now) return NOTHING;
    if (this.isLeaving()) {
      const stop = row.stop ?? { reason: "drained", at: now };
      const stopped = row.step !== "retiring";
      return { ...NOTHING, done: true, stopped, retirement: await this.handOut({ step: "retiring", stop }) };
    }
    if (row.step !== "launching") return NOTHING;
    if (row.attempt >= MAX_LAUNCHES || row.failures >= MAX_LAUNCHES) return await this.stop("never_launched");
    return { ...NOTHING, done: true, launch: await this.handOut({}) };
  }

  private async drain(reason: string): Promise<Steered> {
    const { worker, now } = this;
    if (worker?.status !== "active") return NOTHING;
    // Nothing to save and nothing in hand: it need not even notice. A claim that commits meanwhile must make this look again.
    const lease = worker.binding ? null : await newestLease(this.ctx, worker.workerId);
    const drain = { reason, at: now, deadlineAt: now + this.fleet.drainDeadlineMs };
    if (!worker.binding && lease?.state !== "live") return await this.stop("drained", drain);
    await this.ctx.db.patch(this.row._id, { drain });
    await transitionWorker(this.ctx, worker, "draining");
    return { ...NOTHING, done: true, terminated: true };
  }

  private async stop(reason: string, drain = this.row.drain): Promise<Steered> {
    const { worker, now } = this;
    if (!worker || this.isLeaving()) return NOTHING;
    await transitionWorker(this.ctx, worker, "stopping");
    const stop = { reason, at: now };
    const retirement = await this.handOut({ step: "retiring", stop, failures: 0, drain });
    return { done: true, terminated: worker.status === "active", stopped: true, retirement };
  }

  private isLeaving(): boolean {
    const status = this.worker?.status ?? "stopped";
    return status === "stopping" || status === "stopped";
  }

  private async handOut(fields: Partial<Doc<"machines">>): Promise<HandedOut> {
    const attempt = this.row.attempt + 1;
    const stepDeadlineAt = stepDeadline(fields.step ?? this.row.step, this.fleet, this.now);
    await this.ctx.db.patch(this.row._id, { ...fields, attempt, stepDeadlineAt });
    return { machine: this.row._id, attempt };
  }
}

export const machineOf = (ctx: MutationCtx, worker: string): Promise<Doc<"machines"> | null> =>
  ctx.db
    .query("machines")
    .withIndex("by_worker", (q) => q.eq("worker", worker))
    .unique();

/** 16 characters of base 36: two passes in one millisecond cannot collide. */
const randomSuffix = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte % 36).toString(36)).join("");
