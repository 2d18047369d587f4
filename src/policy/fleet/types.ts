/** What a fleet pass decides upon, and what it may decide. Plain data: the pass is a pure function of it. */
import { v, type Infer } from "convex/values";
import { vFleetPolicy, vLeasePolicy, vScalingPolicy } from "../../contract/policies.js";
import { vWorkerStatus } from "../../contract/workers.js";

/**
 * What the provider says of a machine. `missing`: asked for this very machine, it knows none. `unlisted`: nothing that could be relied
 * on; a listing that merely lacks it is no more than that.
 */
export const vSeen = v.union(
  ...(
    ["booting", "running", "stopping", "stopped", "failed", "gone", "unknown", "missing", "unlisted"] as const
  ).map((seen) => v.literal(seen)),
);
export type Seen = Infer<typeof vSeen>;

/** Where a launched machine is: ordered, created, serving, on its way out, gone. */
export const vMachineStep = v.union(
  v.literal("launching"),
  v.literal("booting"),
  v.literal("running"),
  v.literal("retiring"),
  v.literal("stopped"),
);
export type MachineStep = Infer<typeof vMachineStep>;

const vMachineView = v.object({
  worker: v.string(),
  appName: v.string(),
  /** null: not known yet. */
  machineId: v.union(v.string(), v.null()),
  step: vMachineStep,
  status: vWorkerStatus,
  workspace: v.union(v.string(), v.null()),
  stateful: v.boolean(),
  /** Its worker heeds a request to give up its conversation. One that does not name its process, as the published image, knows none. */
  heedsRequests: v.boolean(),
  /** The conversation it holds, whether it may still claim it (`owned`), and whether that one has work now. */
  bound: v.union(
    v.null(),
    v.object({
      conversationId: v.string(),
      workspace: v.string(),
      boundAt: v.number(),
      hasWork: v.boolean(),
      owned: v.boolean(),
      /** When it was asked to save it and give it up; absent: it was not. */
      askedAt: v.optional(v.number()),
    }),
  ),
  busy: v.boolean(),
  /** Last sign of life of the worker itself, epoch ms; 0: none yet. */
  seenAt: v.number(),
  /** When it last had a job; 0: never. */
  lastWorkAt: v.number(),
  /** What of this is written down on the machine's row. */
  notedUseAt: v.number(),
  image: v.string(),
  createdAt: v.number(),
  /** When the present step of launch or retirement counts as stuck. */
  stepDeadlineAt: v.number(),
  drainDeadlineAt: v.union(v.number(), v.null()),
  drainReason: v.union(v.string(), v.null()),
  /** Since when it is being taken away; null: it is not. */
  leavingSince: v.union(v.number(), v.null()),
  seen: vSeen,
  /** How many listings in a row lacked it. */
  missed: v.number(),
});
export type MachineView = Infer<typeof vMachineView>;

export const vWaitingView = v.object({
  id: v.string(),
  conversationId: v.string(),
  workspace: v.string(),
  lane: v.string(),
  readyAt: v.number(),
});
export type WaitingView = Infer<typeof vWaitingView>;

/** A pass's view without what the provider says. */
export const vObservation = v.object({
  now: v.number(),
  fleet: vFleetPolicy,
  scaling: vScalingPolicy,
  lease: vLeasePolicy,
  machines: v.array(vMachineView),
  /** Ready conversations that no worker owns, in the order in which they would be claimed. */
  waiting: v.array(vWaitingView),
  /** Workers that somebody else runs and that are free now. */
  freeElsewhere: v.array(v.object({ lanes: v.array(v.string()), workspace: v.union(v.string(), v.null()) })),
  /** Machines of ours that exist without a row: they cost money too. */
  orphans: v.number(),
  /** Creations for machines that have ended which may still take effect, or may have since the last list (`unsettled.ts`). */
  unsettled: v.number(),
  usedTodayMs: v.number(),
  /** Launching failed lately: not before this time. */
  launchesPausedUntil: v.number(),
});
export type Observation = Infer<typeof vObservation>;

/** The observation with what the provider says laid over its machines, and the configured image. */
export type FleetView = Observation & { image: string };

const vDrainReason = v.union(
  ...(
    [
      "idle",
      "others_wait",
      "budget",
      "max_age",
      "image_drift",
      "over_cap",
      "silent",
      "lease_lost",
      "unbound",
      "removed",
    ] as const
  ).map((reason) => v.literal(reason)),
);
export type DrainReason = Infer<typeof vDrainReason>;
const vStopReason = v.union(
  ...(
    ["drained", "drain_deadline", "machine_lost", "never_booted", "died_at_boot", "never_launched"] as const
  ).map((reason) => v.literal(reason)),
);

const steering = {
  worker: v.string(),
  /** Not right any more once the worker has given a sign of life after this one, epoch ms; absent: right whatever it says. */
  heardAt: v.optional(v.number()),
};
/** What is done about one machine that is there. `resume`: an overdue step of a launch or a retirement is taken up again. `release`: it saves this conversation and takes another one. */
export const vSteering = v.union(
  v.object({ kind: v.union(v.literal("resume"), v.literal("booted")), ...steering }),
  v.object({ kind: v.literal("release"), conversationId: v.string(), ...steering }),
  v.object({ kind: v.literal("drain"), reason: vDrainReason, ...steering }),
  v.object({ kind: v.literal("stop"), reason: vStopReason, ...steering }),
);
export type Steering = Infer<typeof vSteering>;
export type Command = { kind: "launch"; for: WaitingView } | Steering;

/** Why a waiting conversation got no machine in this pass. */
export type Blocked =
  | "worker_cap"
  /** There would be room if it were known that creations of unknown outcome have made nothing. */
  | "launch_unsettled"
  | "workspace_cap"
  | "budget"
  | "launch_step"
  | "launches_paused"
  /** The machine that held it last is being taken away; its volume may hold memory that was not saved. */
  | "predecessor";

export interface Plan {
  commands: Command[];
  blocked: { conversationId: string; reason: Blocked }[];
}
