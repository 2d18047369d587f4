/**
 * Carries one command of a plan out, each in a transaction of its own: it re-reads the rows that it changes, and what the command means
 * for them now says `policy/fleet/life.ts`, so one that meets a worker's call repeats nothing but itself. What is to be done at the
 * provider is handed to an action (`carryOut.ts`) as an intent, numbered by `attempt`.
 */
import { asMutation } from "../functions.js";
import { v, type Infer } from "convex/values";
import { vFleetPolicy } from "../../contract/policies.js";
import { handedOut, obey, ordered, type Servant } from "../../policy/fleet/life.js";
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
import { askToRelease } from "../workers/wakeRing.js";
import { machineOf, noteForPass } from "../signals/fleet.js";
import { findFence, setFence } from "./fences.js";
import { vIntent } from "./reports.js";

const vHandedOut = v.object(vIntent);
export type HandedOut = Infer<typeof vHandedOut>;

/** What of the configuration is written down with the order. */
const vOrdered = { provider: v.string(), appName: v.string(), image: v.string(), volumePrefix: v.string() };

/** `schedule` false: the caller carries the intents out itself, with a credential of its own. */
const vOptions = { fleet: vFleetPolicy, schedule: v.boolean() };

/**
 * Reserves a place and orders a machine for a conversation. `launches` is the number of launches that the plan knew of: when another
 * pass has launched since, this one gives up, so the cap is what the plan made of it, and never exceeded. Two orders at once
 * conflict over the fence, and that is what makes the second one see the first.
 */
export const launch = asMutation({
  args: { for: vWaitingView, launches: v.number(), machine: v.object(vOrdered), ...vOptions },
  returns: v.union(v.literal("outdated"), v.null(), vHandedOut),
})(async (ctx, { for: waiting, launches, machine: { volumePrefix, ...where }, fleet, schedule }) => {
  if (((await findFence(ctx, "launch"))?.value ?? 0) !== launches) return "outdated" as const;
  const id = ctx.db.normalizeId("conversations", waiting.id);
  const conversation = id && (await ctx.db.get(id));
  if (conversation?.state !== "ready" || conversation.owner !== undefined) return null;
  const now = Date.now();
  const workerId = `afw-${now}-${randomSuffix()}`;
  const workerRow = await ctx.db.insert("workers", {
    workerId,
    provider: where.provider,
    status: "active",
    lanes: fleet.lanes,
    registeredAt: now,
    stateful: fleet.stateful,
    // Its disk, and what an agent left beside it, is never another tenant's. Its credential says the same.
    ...(fleet.stateful && { workspace: conversation.workspace }),
  });
  if (fleet.stateful) {
    const owned = await bindWorker(ctx, { _id: workerRow, workerId, binding: undefined }, conversation);
    await ctx.db.patch(conversation._id, owned);
  }
  const machine = await ctx.db.insert("machines", {
    worker: workerId,
    workerRow,
    live: true,
    ...ordered({ fleet, now }),
    ...where,
    madeFor: conversation.conversationId,
    volumeName: volumeName(volumePrefix, workerId),
    tokenIds: [],
    createdAt: now,
  });
  await setFence(ctx, "launch", { value: launches + 1 });
  const intent = { machine, attempt: 1 };
  if (schedule) await ctx.scheduler.runAfter(0, internal.cloud.carryOut, intent);
  return intent;
});

/** An image that dies at boot must not be launched again and again at full speed: this counts as a launch that failed. */
const bootFailures: Partial<Record<string, string>> = {
  died_at_boot:
    "A machine ended before its worker made its first call. Look at its log: the image, its settings, its memory.",
  never_booted:
    "A machine's worker made no call in time. Look at its log: the image, its network, its settings.",
};

const vSteered = v.object({
  /** An active worker was told to leave. */
  terminated: v.boolean(),
  /** Its machine is to be stopped from now on. */
  stopped: v.boolean(),
  intent: v.optional(vHandedOut),
});
const NOTHING = { terminated: false, stopped: false };

export const steer = asMutation({ args: { command: vSteering, ...vOptions }, returns: vSteered })(async (
  ctx,
  { command, fleet, schedule },
) => {
  const row = await machineOf(ctx, command.worker);
  const worker = await findWorker(ctx, command.worker);
  if (!row?.live) return NOTHING;
  if (command.heardAt !== undefined && (await heardAt(ctx, command.worker)) > command.heardAt) return NOTHING;
  const clock = { now: Date.now(), fleet };
  const order = obey(row, await servantOf(ctx, worker, command.kind), command, clock);
  if (order.kind === "nothing") return NOTHING;
  if (order.kind === "release") {
    // It may hold another one by now, or have been asked before.
    if (worker?.binding?.conversationId === order.of && worker.binding.askedAt === undefined)
      await askToRelease(ctx, worker, worker.binding);
    return NOTHING;
  }
  if (order.kind === "called" || order.kind === "drain") {
    await ctx.db.patch(row._id, order.change);
    if (order.kind === "called") await noteForPass(ctx, { kind: "booted" });
    else if (worker) await transitionWorker(ctx, worker, "draining");
    return { ...NOTHING, terminated: order.kind === "drain" };
  }
  const dismissed = order.kind === "retire" && order.dismissed;
  if (dismissed && worker) await transitionWorker(ctx, worker, "stopping");
  const change = handedOut(row, clock, order.kind === "retire" ? order.change : {});
  await ctx.db.patch(row._id, change);
  const code = command.kind === "stop" ? command.reason : "";
  const message = bootFailures[code];
  if (message !== undefined)
    await noteForPass(ctx, { kind: "launchFailed", problem: { code, message, at: clock.now } });
  const intent = { machine: row._id, attempt: change.attempt };
  if (schedule) await ctx.scheduler.runAfter(0, internal.cloud.carryOut, intent);
  return {
    terminated: dismissed && worker?.status === "active",
    stopped: order.kind === "retire" && row.step !== "retiring",
    intent,
  };
});

async function servantOf(
  ctx: MutationCtx,
  worker: Doc<"workers"> | null,
  command: Infer<typeof vSteering>["kind"],
): Promise<Servant> {
  if (!worker) return null;
  const { status, binding } = worker;
  const bound = binding !== undefined;
  // A claim that commits meanwhile must make a drain look again; nothing else has to meet it.
  const lease = command === "drain" && !bound ? await newestLease(ctx, worker.workerId) : null;
  return { status, bound, busy: lease?.state === "live" };
}

/** The last sign of life of a worker, epoch ms, as passes see it; 0: none. */
async function heardAt(ctx: MutationCtx, worker: string): Promise<number> {
  const { staleAfterMs } = (await loadRuntime(ctx)).policies.lease;
  const beat = await findBeat(ctx, worker);
  const lease = await newestLease(ctx, worker);
  return Math.max(beat ? beat.aliveUntil - staleAfterMs : 0, lease?.seenAt ?? 0);
}

/** 16 characters of base 36: two passes in one millisecond cannot collide. */
const randomSuffix = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte % 36).toString(36)).join("");
