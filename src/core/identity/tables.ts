import { defineTable } from "convex/server";
import { v } from "convex/values";

const vBindingStatus = v.union(v.literal("active"), v.literal("revoked"));
const vBindingSource = v.union(v.literal("manual"), v.literal("pairing"), v.literal("api"));
const vPairingStatus = v.union(v.literal("pending"), v.literal("used"), v.literal("expired"));

export const identityTables = {
  /**
   * Which agent a user of the host talks to, and as whom at a channel. Cold: written by bindUserAgent, a consumed pairing
   * code and revokeUserAgentBinding (and once by the first message, which completes what the channel says); read by every
   * message from a channel, the user-agent views and the pushes. At most one active row per user. Revoked rows are kept as the
   * user's history: grows with the number of times that users change agents.
   */
  identityBindings: defineTable({
    consumerUserId: v.string(),
    agentKey: v.string(),
    /** The agent's workspace when it was bound. */
    workspace: v.string(),
    status: vBindingStatus,
    source: vBindingSource,
    /** The host bound the user, at this time or at the one that this binding continues. Absent in rows of before: by `source`. */
    granted: v.optional(v.boolean()),
    channel: v.string(),
    userId: v.optional(v.string()),
    chatId: v.optional(v.string()),
    /** The account this binding is for; absent until it is known. Messages to another one never use this binding. */
    accountId: v.optional(v.string()),
    accountName: v.optional(v.string()),
    metadata: v.optional(v.record(v.string(), v.string())),
    boundAt: v.number(),
    revokedAt: v.optional(v.number()),
  })
    .index("by_consumerUserId_and_status", ["consumerUserId", "status"])
    .index("by_consumerUserId_and_agentKey_and_boundAt", ["consumerUserId", "agentKey", "boundAt"])
    .index("by_user", ["channel", "userId", "status", "accountId"])
    .index("by_chat", ["channel", "chatId", "status", "accountId"])
    .index("by_agentKey_and_status", ["agentKey", "status"])
    .index("by_workspace_and_status", ["workspace", "status"]),

  /**
   * One-time codes by which an account at a channel becomes a user's. Only the SHA-256 of a code is looked up; the sealed code
   * is for its owner's views and goes when the code is used or expires. Cold: written by createPairingCode, by the message
   * that consumes the code and by its expiry; read by pairing and onboarding. Used and expired rows are swept after 30
   * days.
   */
  pairingCodes: defineTable({
    codeHash: v.string(),
    sealed: v.optional(v.object({ encryptedValue: v.bytes(), wrappedKey: v.bytes(), keyId: v.string() })),
    consumerUserId: v.string(),
    agentKey: v.string(),
    status: vPairingStatus,
    createdAt: v.number(),
    expiresAt: v.number(),
    usedAt: v.optional(v.number()),
    channel: v.string(),
    userId: v.optional(v.string()),
    chatId: v.optional(v.string()),
    /** The only account of ours that may consume the code; absent when the agent's was not known yet. */
    accountId: v.optional(v.string()),
    accountName: v.optional(v.string()),
  })
    .index("by_codeHash", ["codeHash"])
    .index("by_consumerUserId_and_status", ["consumerUserId", "status"])
    .index("by_consumerUserId_and_agentKey_and_createdAt", ["consumerUserId", "agentKey", "createdAt"])
    .index("by_agentKey_and_status", ["agentKey", "status"])
    .index("by_status_and_expiresAt", ["status", "expiresAt"]),

  /**
   * Wrong pairing codes of one user at one account within a window. Written and read by `/start <code>` alone,
   * only when a code is wrong. Swept when the window is over: holds the guessers of the last minutes.
   */
  pairingAttempts: defineTable({
    /** `<channel>:<account id>:<user id>`. */
    sender: v.string(),
    windowStartedAt: v.number(),
    failures: v.number(),
  })
    .index("by_sender", ["sender"])
    .index("by_windowStartedAt", ["windowStartedAt"]),

  /**
   * What a user was asked after opening a pairing link, at one account: the newest question counts. Written by `/start <code>`, read by the
   * command that answers it. Swept when it is old: holds those of the last minutes.
   */
  pairingQuestions: defineTable({
    /** As in `pairingAttempts`. */
    sender: v.string(),
    /** The chat that was asked; the answer counts there only. */
    chatId: v.string(),
    /** What the command of the answer holds. */
    nonce: v.string(),
    pairing: v.id("pairingCodes"),
    expiresAt: v.number(),
  })
    .index("by_sender", ["sender"])
    .index("by_expiresAt", ["expiresAt"]),

  /**
   * Whose conversation an id is. Cold: written when a user is bound to an agent or a chat is met for the first time, read
   * by every message from a channel and by sends to users. Never deleted: an id that was one user's is never given to another.
   * Grows with the number of (user, agent) pairs and chats.
   */
  conversationIdentities: defineTable({
    /** `user:<consumerUserId>`, or `<channel>:<account id>@<chat id>[:<thread id>]` for a chat without a binding. */
    place: v.string(),
    agentKey: v.string(),
    conversationId: v.string(),
    /** The id without its generation. */
    base: v.string(),
    generation: v.number(),
  })
    .index("by_place_and_agentKey", ["place", "agentKey"])
    .index("by_conversationId", ["conversationId"])
    .index("by_base_and_generation", ["base", "generation"]),
};
