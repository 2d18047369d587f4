import { defineTable } from "convex/server";
import { v } from "convex/values";

export const deploymentTables = {
  /**
   * What each worker said of itself at its start. Written by `workerHello`, once per start; read by `listDeployments`. Cold. At
   * most 200 per token, the oldest is replaced; a row goes 30 days after its worker did.
   */
  workerReports: defineTable({
    worker: v.string(),
    tokenId: v.optional(v.string()),
    version: v.string(),
    host: v.string(),
    engine: v.string(),
    mode: v.string(),
    saidAt: v.number(),
    keepUntil: v.number(),
  })
    .index("by_worker", ["worker"])
    .index("by_token", ["tokenId"])
    .index("by_keepUntil", ["keepUntil"]),

  /**
   * Time alive per worker and month, for accounting. Opened by a worker's first claim with a token, moved on by the sweep alone
   * every 30 minutes, so that no call of a worker writes it; read by `workerHours`. Workers that lived for less than 10
   * minutes are added up in one row per token (`worker` = ""). Kept for 400 days.
   */
  workerHours: defineTable({
    worker: v.string(),
    tokenId: v.string(),
    month: v.string(),
    aliveMs: v.number(),
    /** Up to when it is counted. */
    countedUntil: v.number(),
    /** When the sweep looks again; absent: closed. */
    dueAt: v.optional(v.number()),
  })
    .index("by_worker", ["worker", "month"])
    .index("by_due", ["dueAt"])
    .index("by_month", ["month", "tokenId", "worker"]),
};
