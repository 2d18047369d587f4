import { defineTable } from "convex/server";
import { v } from "convex/values";
import { broadcastFields } from "../../contract/broadcasts.js";
import { jobFields, suggestion, templateFields, vDispatchStatus } from "../../contract/pushing.js";

export const pushingTables = {
  /** Cold: written by operators, read when a job is made from it. Grows with what operators create. */
  messagePushTemplates: defineTable({ ...templateFields, ...suggestion })
    .index("by_company", ["companyId", "updatedAt"])
    .index("by_company_and_enabled", ["companyId", "enabled", "updatedAt"])
    .index("by_key", ["companyId", "templateKey"]),

  /** Cold: reusable texts, written by operators, read when one is sent. Grows with what operators create. */
  messageTemplates: defineTable({ ...templateFields })
    .index("by_company", ["companyId", "updatedAt"])
    .index("by_company_and_enabled", ["companyId", "enabled", "updatedAt"])
    .index("by_key", ["companyId", "templateKey"]),

  /**
   * A user's push. Warm: written by its owner and once per run, read by dispatch. `nextRunAt` exists only while a run is
   * ahead, so manual and disabled jobs are not in the due index. Grows with what users create; deleted by them.
   */
  messagePushJobs: defineTable({
    ...jobFields,
    agentKey: v.optional(v.string()),
    sourceTemplateId: v.optional(v.id("messagePushTemplates")),
    nextRunAt: v.optional(v.number()),
    lastRunAt: v.optional(v.number()),
    lastRunKey: v.optional(v.string()),
  })
    .index("by_due", ["nextRunAt"])
    .index("by_user", ["consumerUserId", "updatedAt"])
    .index("by_user_and_enabled", ["consumerUserId", "enabled", "updatedAt"])
    .index("by_agent", ["consumerUserId", "agentKey", "updatedAt"])
    .index("by_agent_and_enabled", ["consumerUserId", "agentKey", "enabled", "updatedAt"]),

  /**
   * One timer per slot that jobs wait for, however many they are. Inserted when a job's next run is set, deleted when the
   * slot is worked off. Holds as many rows as there are different slots ahead.
   */
  messagePushWakes: defineTable({ at: v.number() }).index("by_at", ["at"]),

  /** One per run, append only: the proof that a slot was served. Written by dispatch, read by lists. Swept. */
  messagePushDispatches: defineTable({
    jobId: v.id("messagePushJobs"),
    consumerUserId: v.string(),
    agentKey: v.optional(v.string()),
    runKey: v.string(),
    scheduledFor: v.number(),
    enqueuedMessageId: v.optional(v.id("messageQueue")),
    status: vDispatchStatus,
    error: v.optional(v.string()),
    createdAt: v.number(),
  })
    .index("by_job", ["jobId", "createdAt"])
    .index("by_run", ["runKey"])
    .index("by_agent", ["consumerUserId", "agentKey", "createdAt"])
    .index("by_createdAt", ["createdAt"]),

  /** The audit record of a broadcast and its progress: written once per batch by its own run, read by operators. Swept. */
  messagePushBroadcasts: defineTable({
    ...broadcastFields,
    enqueuedCount: v.number(),
    failedCount: v.number(),
    completedAt: v.optional(v.number()),
    error: v.optional(v.string()),
    /** Workspaces still to do, and how far the first of them is done (creation time of the last binding). */
    cursor: v.object({ workspaces: v.array(v.string()), after: v.optional(v.number()) }),
    /** Last batch; a run that stands still is started again by the sweep. */
    progressAt: v.number(),
  })
    .index("by_company", ["companyId", "requestedAt"])
    .index("by_status", ["status", "progressAt"])
    .index("by_requestedAt", ["requestedAt"]),

  /** One per target of a broadcast, append only: a repeated batch finds it and sends nothing. Swept. */
  messagePushBroadcastDispatches: defineTable({
    broadcastId: v.id("messagePushBroadcasts"),
    consumerUserId: v.string(),
    agentKey: v.string(),
    runKey: v.string(),
    enqueuedMessageId: v.optional(v.id("messageQueue")),
    status: v.union(v.literal("enqueued"), v.literal("failed")),
    error: v.optional(v.string()),
    createdAt: v.number(),
  })
    .index("by_target", ["broadcastId", "consumerUserId"])
    .index("by_status", ["broadcastId", "status", "createdAt"])
    .index("by_createdAt", ["createdAt"]),
};
