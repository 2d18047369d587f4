import { defineTable } from "convex/server";
import { v } from "convex/values";

export const wakesTables = {
  /**
   * What passes tell a worker. One row per worker that was ever rung: each grows its `seq`, which that worker's subscription shows. Written by the queue's
   * pass, and when the worker shall drain; read by its own worker (`workerWake`) and by passes, never by a claim or an enqueue.
   * A ring is a hint that may be wrong; the claim decides. Deleted by `sweepWakes` a week after the last ring.
   */
  wakes: defineTable({
    worker: v.string(),
    seq: v.number(),
    /** When it was rung; while it is expected to react, when it was rung first. */
    at: v.number(),
  })
    .index("by_worker", ["worker"])
    .index("by_at", ["at"]),
};
