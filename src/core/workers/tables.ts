import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vWorkerStatus } from "../../contract/workers.js";

const vBinding = v.object({
  conversation: v.id("conversations"),
  conversationId: v.string(),
  agentKey: v.string(),
  workspace: v.string(),
  generation: v.number(),
  boundAt: v.number(),
  /** Others wait: since then it shall save and give this up. Here and not with its wake-ups, so that its next claim meets it. */
  askedAt: v.optional(v.number()),
});

export const workersTables = {
  /**
   * Cold: written at registration, at changes of status and of binding; read by every claim of that worker, so that draining takes
   * effect at once. Nothing else of a worker is kept here, because whatever writes it makes that worker's call start again: signs of
   * life are in `beats`, what it is asked for in `wakes`, its machine in `machines`. A worker that went silent is removed by the
   * sweep and registers again with its next claim; one that held a conversation stays, marked as silent, for `lease.forgetAfterMs`.
   */
  workers: defineTable({
    workerId: v.string(),
    provider: v.string(),
    status: vWorkerStatus,
    lanes: v.array(v.string()),
    workspace: v.optional(v.string()),
    registeredAt: v.number(),
    /** The worker token it last claimed with: whose id this is (`whose.ts`). */
    tokenId: v.optional(v.string()),
    /** The process that uses the id; absent: one that does not name itself. */
    instance: v.optional(v.string()),
    /** It gave no sign of life since then, and its conversation is free for others; absent: it is there. */
    silentSince: v.optional(v.number()),
    /** Its engine keeps memory on disk, so it holds one conversation at a time (`binding`). */
    stateful: v.optional(v.boolean()),
    /** It subscribes to its row of `wakes`: passes ring it when there is work. */
    listens: v.optional(v.boolean()),
    /** The conversation whose data directory this worker holds. `generation` fences its snapshots. */
    binding: v.optional(vBinding),
    stoppedAt: v.optional(v.number()),
  })
    .index("by_workerId", ["workerId"])
    .index("by_tokenId", ["tokenId", "status", "silentSince"])
    .index("by_status", ["status", "silentSince"])
    .index("by_silentSince", ["silentSince"])
    .index("by_askedAt", ["binding.askedAt"]),

  /**
   * Hot: sign of life of idle workers, written at first contact and at most every 30 s by the worker's own polls, with the token behind them; read by sweeps,
   * passes and operators. Deleted with its worker.
   */
  beats: defineTable({ worker: v.string(), aliveUntil: v.number(), tokenId: v.optional(v.string()) })
    .index("by_worker", ["worker"])
    .index("by_tokenId", ["tokenId", "aliveUntil"])
    .index("by_alive", ["aliveUntil"]),
};
