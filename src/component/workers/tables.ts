import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vWorkerStatus } from "../../contract/workers.js";

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
    machineRef: v.optional(
      v.object({ appName: v.string(), machineId: v.string(), region: v.optional(v.string()) }),
    ),
  })
    .index("by_workerId", ["workerId"])
    .index("by_status", ["status"]),

  /** Hot: sign of life of idle workers, written at most every 30 s by the worker's own polls; read by the sweep alone. */
  beats: defineTable({ worker: v.string(), aliveUntil: v.number() })
    .index("by_worker", ["worker"])
    .index("by_alive", ["aliveUntil"]),
};
