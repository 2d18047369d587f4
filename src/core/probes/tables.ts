import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vProbeKind, vProbeResult, vProbeStatus } from "../../contract/probes.js";

export const probesTables = {
  /**
   * One question to one worker. Cold: written by operators, by the worker that answers and by the sweep; read with the
   * worker's control state and by operators. `waiting → done | expired → gone`; rows go a week after they were asked.
   */
  probes: defineTable({
    workerId: v.string(),
    workspace: v.optional(v.string()),
    kind: vProbeKind,
    target: v.optional(v.string()),
    timeoutMs: v.number(),
    status: vProbeStatus,
    requestedAt: v.number(),
    expiresAt: v.number(),
    finishedAt: v.optional(v.number()),
    result: v.optional(vProbeResult),
  })
    .index("by_worker", ["workerId", "requestedAt"])
    .index("by_worker_status", ["workerId", "status"])
    .index("by_status", ["status", "expiresAt"])
    .index("by_requestedAt", ["requestedAt"]),
};
