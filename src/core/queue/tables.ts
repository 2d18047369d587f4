import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vReplyFile } from "../../contract/attachments.js";
import { vPayload, vTurnRole } from "../../contract/queue.js";

const vConversationState = v.union(
  v.literal("idle"),
  v.literal("ready"),
  v.literal("held"),
  v.literal("backoff"),
);

/** A reply that is recorded before it is sent. `sending`: part `nextPart` may be on its way right now. */
const vReplyRecord = v.object({
  text: v.string(),
  parts: v.number(),
  nextPart: v.number(),
  sending: v.boolean(),
  ambiguousParts: v.array(v.number()),
  files: v.optional(v.array(vReplyFile)),
});

/** Until when a message waits for its files at most. `collecting`: further parts of its album may still come. */
const vWaiting = v.object({ until: v.number(), collecting: v.optional(v.boolean()) });

export const queueTables = {
  /**
   * The unit of scheduling. Warm: written at each change of that conversation's state, never by a heartbeat, nor by an
   * enqueue to a busy one. Read by claim, enqueue, settle. One row per chat, kept for good: it is the chat's
   * identity.
   */
  conversations: defineTable({
    conversationId: v.string(),
    workspace: v.string(),
    agentKey: v.string(),
    state: vConversationState,
    /** Lane of the head message. */
    lane: v.string(),
    /** Where claims look for it: the lane, or the pool of the worker that owns it (`poolOf`). */
    pool: v.string(),
    /** Highest priority of its waiting due messages. */
    priority: v.number(),
    band: v.number(),
    start: v.number(),
    rank: v.number(),
    urgency: v.number(),
    readyAt: v.number(),
    wakeAt: v.optional(v.number()),
    /** The message in flight or next in line. */
    head: v.optional(v.id("messageQueue")),
    /** Attempts of the head that ended without success. */
    attempts: v.number(),
    /** Copied at claim, so that failing reads neither policy nor message. */
    maxAttempts: v.number(),
    backoffMs: v.number(),
    /** Kept after an expiry until the next claim: a late complete is accepted while nobody claimed again. */
    lease: v.optional(v.id("leases")),
    holder: v.optional(v.string()),
    lastError: v.optional(v.string()),
    /**
     * Absent before the head's first failure. `count`: all failures, also those that were no attempts; `serviceSince`: since when
     * they have blamed a service, if the last one did; later by the waits that the service ordered.
     */
    failing: v.optional(
      v.object({ since: v.number(), count: v.number(), serviceSince: v.optional(v.number()) }),
    ),
    turnCount: v.number(),
    /** The worker that holds this conversation's data directory; only it may claim. */
    owner: v.optional(v.string()),
    /** Counts the owners so far: a snapshot of an earlier one never shadows one of a later. */
    generation: v.optional(v.number()),
  })
    .index("by_conversationId", ["conversationId"])
    .index("by_ready", ["state", "pool", "rank", "urgency", "readyAt"])
    .index("by_tenant", ["state", "pool", "workspace", "band", "rank", "urgency", "readyAt"])
    .index("by_wake", ["state", "wakeAt"])
    .index("by_agentKey", ["agentKey"]),

  /**
   * The messages, waiting, in work and ended. Cold: written at insert, admission, arrival of its files, reply and end; a claim does not touch it (`processing` is derived: the head of a
   * held conversation). Done rows are swept after `queue.doneRetentionMs`, dead letters after theirs.
   */
  messageQueue: defineTable({
    conversation: v.id("conversations"),
    conversationId: v.string(),
    workspace: v.string(),
    agentKey: v.string(),
    lane: v.string(),
    payload: vPayload,
    status: v.union(v.literal("delayed"), v.literal("queued"), v.literal("done"), v.literal("dead_letter")),
    priority: v.number(),
    maxAttempts: v.optional(v.number()),
    /** Order of arrival in line: commit order, so clocks cannot reorder it and no counter is needed. */
    seq: v.optional(v.commitTs()),
    dueAt: v.number(),
    endedAt: v.optional(v.number()),
    endedBy: v.optional(v.id("leases")),
    attempts: v.optional(v.number()),
    lastError: v.optional(v.string()),
    key: v.optional(v.string()),
    /** Set when this message's turns are in the history; a repeat appends nothing. */
    turnsAt: v.optional(v.number()),
    reply: v.optional(vReplyRecord),
    ambiguousAt: v.optional(v.number()),
    /** The lane was said by the message (its tag, or metadata that the agent's tag names), not by the agent alone. */
    ownLane: v.optional(v.boolean()),
    /** It has rows in `attachments`. */
    hasAttachments: v.optional(v.boolean()),
    waiting: v.optional(vWaiting),
  })
    .index("by_conversation", ["conversation", "status", "seq"])
    .index("by_conversation_and_status", ["conversation", "status"])
    .index("by_urgency", ["conversation", "status", "priority"])
    .index("by_conversation_and_dueAt", ["conversation", "dueAt"])
    .index("by_key", ["workspace", "key"])
    .index("by_due", ["status", "dueAt"])
    .index("by_ended", ["status", "endedAt"])
    .index("by_ambiguous", ["ambiguousAt"]),

  /** Claims, one row each. Hot. Inserted by claim, patched by its own worker's heartbeat and by its end. Swept after a day. */
  leases: defineTable({
    conversation: v.id("conversations"),
    message: v.id("messageQueue"),
    worker: v.string(),
    state: v.union(v.literal("live"), v.literal("ended"), v.literal("expired")),
    expiresAt: v.number(),
    leaseMs: v.number(),
    /** Copied at claim, so that a heartbeat with a stolen lease is refused without reading the conversation. */
    workspace: v.optional(v.string()),
    lane: v.optional(v.string()),
    band: v.optional(v.number()),
    /**
     * The tick that its flow was charged, absent for one that was not drawn from the line: the flow's memory
     * (`policy/queue/place.ts`). It lies here because a conversation moves on to other lanes and bands.
     */
    served: v.optional(v.number()),
    /** The worker's last sign of life for this lease. */
    seenAt: v.number(),
    /** The lease whose end brought this one, in the same call: a repeat of that call is given this one again, and nobody else is. */
    after: v.optional(v.id("leases")),
  })
    .index("by_expiry", ["state", "expiresAt"])
    .index("by_worker", ["worker", "seenAt"])
    .index("by_flow", ["lane", "workspace", "band", "served"]),

  /** Pending timers: see `alarms.ts` for who inserts, reads and deletes which kind. Never patched. */
  alarms: defineTable({
    kind: v.union(v.literal("reap"), v.literal("pass"), v.literal("look")),
    at: v.number(),
  }).index("by_kind", ["kind", "at"]),

  /**
   * What the scheduler's last looks saw while something waited: see `line.ts`. Inserted and deleted by looks alone, read by
   * arrivals and, stale, by claims. A few rows; none while nothing waits.
   */
  lines: defineTable({
    /** It counts until then. */
    until: v.number(),
    lanes: v.array(
      v.object({
        lane: v.string(),
        /** The tick the lane serves: where newcomers enter. */
        virtual: v.number(),
        /** Workspaces of which something waits although whoever could take it was rung: they need no look before `until`. */
        saturated: v.array(v.string()),
        /** The workspace at which the look stopped that goes through all of a full lane; the next one goes on behind it. */
        lastTenant: v.optional(v.string()),
      }),
    ),
    /** Workers that hold a lease or asked lately, up to a bound: they share the first rows. */
    claimers: v.array(v.string()),
  }).index("by_until", ["until"]),

  /**
   * The history, append only: one row per turn. Written by settle and append, read by hydration (the newest window). Swept after
   * `queue.turnRetentionMs`.
   */
  turns: defineTable({
    conversation: v.id("conversations"),
    message: v.optional(v.id("messageQueue")),
    role: vTurnRole,
    content: v.string(),
    at: v.number(),
    /** Of a message with a lane of its own: only messages of that lane see the turn. */
    lane: v.optional(v.string()),
  }).index("by_conversation", ["conversation"]),
};
