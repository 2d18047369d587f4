import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vWorkerStatus } from "../../contract/workers.js";

export const vBinding = v.object({
  conversation: v.id("conversations"),
  conversationId: v.string(),
  agentKey: v.string(),
  workspace: v.string(),
  generation: v.number(),
  boundAt: v.number(),
});

export const workersTables = {
  /**
   * Cold: written at registration and at changes of status, read by every claim, so that draining takes effect at once.
   * A worker that went silent is removed by the sweep and registers again with its next claim.
   */
  workers: defineTable({
    workerId: v.string(),
    provider: v.string(),
    status: vWorkerStatus,
    lanes: v.array(v.string()),
    workspace: v.optional(v.string()),
    registeredAt: v.number(),
    /** The worker token it last claimed with: what `maxWorkers` of a token counts. */
    tokenId: v.optional(v.string()),
    /** Its engine keeps memory on disk, so it holds one conversation at a time (`binding`). */
    stateful: v.optional(v.boolean()),
    /** It subscribes to its row of `wakes`: passes ring it when there is work. */
    listens: v.optional(v.boolean()),
    /** The conversation whose data directory this worker holds. `generation` fences its snapshots. */
    binding: v.optional(vBinding),
    /** Others wait: it shall save and give up its conversation when idle. */
    releaseWanted: v.optional(v.boolean()),
    lastSnapshotId: v.optional(v.string()),
    stoppedAt: v.optional(v.number()),
    machineRef: v.optional(
      v.object({ appName: v.string(), machineId: v.string(), region: v.optional(v.string()) }),
    ),
  })
    .index("by_workerId", ["workerId"])
    .index("by_tokenId", ["tokenId", "status"])
    .index("by_status", ["status"]),

  /** Hot: sign of life of idle workers, written at most every 30 s by the worker's own polls; read by the sweep alone. */
  beats: defineTable({ worker: v.string(), aliveUntil: v.number() })
    .index("by_worker", ["worker"])
    .index("by_alive", ["aliveUntil"]),
};
