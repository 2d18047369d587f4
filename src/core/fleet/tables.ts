import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vMachineStep } from "../../policy/fleet/types.js";

/** A failure of the provider or of a step, as the operator sees it. Never holds a secret. */
export const vProblem = v.object({ code: v.string(), message: v.string(), at: v.number() });

export const fleetTables = {
  /**
   * One row per machine ever ordered: the intent, what the provider has made of it, and why. Written by passes (`orders.ts`) and
   * by the actions that carry intents out, each write fenced by `attempt`. Read by passes and operators, never on the hot path.
   * `live` rows are bounded by the cap; the others are swept 30 days after their end.
   */
  machines: defineTable({
    worker: v.string(),
    workerRow: v.id("workers"),
    live: v.boolean(),
    step: vMachineStep,
    provider: v.string(),
    appName: v.string(),
    image: v.string(),
    region: v.optional(v.string()),
    /** Why it exists: the conversation it was made for. */
    madeFor: v.string(),
    machineId: v.optional(v.string()),
    volumeName: v.string(),
    /** What it mounts, as far as is known; while it is made, what it shall mount. */
    volumeId: v.optional(v.string()),
    /** When its worker had work last, noted by passes once it rests: leases are forgotten. */
    lastUseAt: v.optional(v.number()),
    /** The ids of its worker's credentials, one per attempt to launch: which one the machine got may be unknown. */
    tokenIds: v.array(v.string()),
    createdAt: v.number(),
    /** The provider took the machine; it costs money from here. */
    launchedAt: v.optional(v.number()),
    bootedAt: v.optional(v.number()),
    stoppedAt: v.optional(v.number()),
    /** Counts hand-outs to actions; an action of an earlier one records nothing. */
    attempt: v.number(),
    /** Failures of the present step in a row. */
    failures: v.number(),
    /** The launch failed for good: the next pass takes the machine away, and its conversation gets another one. */
    gaveUp: v.optional(v.boolean()),
    /** When the present step counts as stuck and is handed out again. */
    stepDeadlineAt: v.number(),
    drain: v.optional(v.object({ reason: v.string(), at: v.number(), deadlineAt: v.number() })),
    stop: v.optional(v.object({ reason: v.string(), at: v.number(), askedAt: v.optional(v.number()) })),
    /** Listings in a row that lacked it: doubts, of which operators are told. */
    missed: v.optional(v.number()),
    /** Creations that were sent, or may have been, and whose outcome is not known, by attempt; absent: none. */
    creations: v.optional(v.array(v.object({ attempt: v.number(), until: v.number() }))),
    /** When none of them can take effect any more; absent: there is none. */
    settledAt: v.optional(v.number()),
    problem: v.optional(vProblem),
  })
    .index("by_worker", ["worker"])
    .index("by_live", ["live"])
    .index("by_volumeName", ["volumeName"])
    .index("by_volumeId", ["live", "volumeId"])
    .index("by_ended", ["live", "stoppedAt"])
    .index("by_settledAt", ["live", "settledAt"]),

  /**
   * Volumes that outlived their machine because they hold memory that was not saved. Written by retirement; read by the launch
   * for the same conversation, which mounts it again; deleted when a machine that had it mounted is gone and its memory saved, or
   * with the volume, `fleet.volumeQuarantineMs` after the last machine.
   */
  quarantinedVolumes: defineTable({
    volumeId: v.string(),
    volumeName: v.string(),
    appName: v.string(),
    region: v.string(),
    worker: v.string(),
    conversation: v.id("conversations"),
    conversationId: v.string(),
    generation: v.number(),
    lastUseAt: v.number(),
    deleteAfter: v.number(),
    /** The machine that has it mounted, or shall. */
    takenBy: v.optional(v.string()),
    failures: v.number(),
  })
    .index("by_conversation", ["conversation", "generation"])
    .index("by_deleteAfter", ["deleteAfter"])
    .index("by_volumeId", ["volumeId"]),

  /**
   * Machines and volumes of this deployment that no row owns. Written by passes that listed; read by the collector and the
   * operator's report; deleted when collected, or when a listing no longer shows them.
   */
  orphans: defineTable({
    kind: v.union(v.literal("machine"), v.literal("volume")),
    providerId: v.string(),
    name: v.string(),
    firstSeenAt: v.number(),
    lastSeenAt: v.number(),
    /** Listings that showed it without an owner. */
    listings: v.number(),
    problem: v.optional(vProblem),
  })
    .index("by_providerId", ["providerId"])
    .index("by_kind", ["kind", "firstSeenAt"])
    .index("by_firstSeenAt", ["firstSeenAt"]),

  /**
   * One row: what passes have found, when they ran, and why the last one could not do what it should. Written by the end of a
   * pass alone; read by queries, and on stale snapshots. Nothing on a message's way touches it.
   */
  fleetState: defineTable({
    /** The beginning of the latest pass that has ended; while `fleetFences` names a later one, that runs. */
    endedPass: v.optional(v.number()),
    lastPassAt: v.optional(v.number()),
    lastListedAt: v.optional(v.number()),
    /** When the newest list that was whole was begun. */
    listedWholeAt: v.optional(v.number()),
    lastVolumesListedAt: v.optional(v.number()),
    /** Passes have looked at everything that became ready up to here. */
    seenReadyAt: v.optional(v.number()),
    launchFailures: v.optional(v.number()),
    launchesPausedUntil: v.optional(v.number()),
    /** Why the fleet cannot work at all, or the last launch failed. */
    problem: v.optional(vProblem),
    /** The provider's last refusal of a pass by hand: the answer to who asks a moment later (`recent.ts`). */
    refused: v.optional(vProblem),
    /** Why conversations got no machine in the last pass; at most 50. */
    blocked: v.optional(v.array(v.object({ conversationId: v.string(), reason: v.string() }))),
  }),

  /**
   * Passes that are wanted. Inserted by whoever wants one, deleted by the beginning of a pass, never patched and never searched
   * but on stale snapshots: a wake-up meets nobody. A few rows.
   */
  fleetWakes: defineTable({ at: v.number() }).index("by_at", ["at"]),

  /**
   * What is to be known by the next pass: a worker lost its lease, so the machines shall be listed; something may have left a volume
   * behind; a launch failed, or its machine has booted. Only inserted, by whoever does what it tells of (a pass that dies has told), and
   * deleted by the end of the pass that heeded it.
   */
  fleetNotes: defineTable(
    v.union(
      v.object({ kind: v.union(v.literal("list"), v.literal("volumes"), v.literal("booted")) }),
      v.object({ kind: v.literal("launchFailed"), problem: vProblem }),
    ),
  ),

  /**
   * Two rows on which those meet who must not act at once. `pass`: when the latest pass began, and until when it counts as running;
   * read and written by the beginning of passes. `launch`: the launches ordered so far; read and written by orders of launches.
   */
  fleetFences: defineTable({
    key: v.union(v.literal("pass"), v.literal("launch")),
    value: v.number(),
    until: v.optional(v.number()),
  }).index("by_key", ["key"]),

  /**
   * Machine time used up per UTC day by machines that are gone. The end of a machine inserts a row per day, with `addedAt`; a sweep
   * adds those to the day's one row without it. Read by passes and operators; swept after 400 days.
   */
  machineHours: defineTable({ day: v.string(), usedMs: v.number(), addedAt: v.optional(v.number()) })
    .index("by_day", ["day", "addedAt"])
    .index("by_addedAt", ["addedAt"]),
};
