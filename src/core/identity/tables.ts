import { defineTable } from "convex/server";
import { v } from "convex/values";

const vBindingStatus = v.union(v.literal("active"), v.literal("revoked"));
const vBindingSource = v.union(v.literal("manual"), v.literal("telegram_pairing"), v.literal("api"));
const vPairingStatus = v.union(v.literal("pending"), v.literal("used"), v.literal("expired"));

export const identityTables = {
  /**
   * Which agent a user of the host talks to, and as whom in Telegram. Cold: written by bindUserAgent, a consumed pairing
   * code and revokeUserAgentBinding (and once by the first message, which completes the Telegram facts); read by every
   * Telegram message, the user-agent views and the pushes. At most one active row per user. Revoked rows are kept as the
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
    telegramUserId: v.optional(v.string()),
    telegramChatId: v.optional(v.string()),
    /** The bot this binding is for; absent until it is known. Messages to another bot never use this binding. */
    telegramBotId: v.optional(v.string()),
    telegramBotUsername: v.optional(v.string()),
    metadata: v.optional(v.record(v.string(), v.string())),
    boundAt: v.number(),
    revokedAt: v.optional(v.number()),
  })
    .index("by_consumerUserId_and_status", ["consumerUserId", "status"])
    .index("by_consumerUserId_and_agentKey_and_boundAt", ["consumerUserId", "agentKey", "boundAt"])
    .index("by_telegramUserId_and_status", ["telegramUserId", "status", "telegramBotId"])
    .index("by_telegramChatId_and_status", ["telegramChatId", "status", "telegramBotId"])
    .index("by_agentKey_and_status", ["agentKey", "status"])
    .index("by_workspace_and_status", ["workspace", "status"]),

  /**
   * One-time codes by which a Telegram account becomes a user's. Only the SHA-256 of a code is looked up; the sealed code
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
    telegramUserId: v.optional(v.string()),
    telegramChatId: v.optional(v.string()),
    /** The only bot that may consume the code; absent when the agent's bot was not known yet. */
    telegramBotId: v.optional(v.string()),
    telegramBotUsername: v.optional(v.string()),
  })
    .index("by_codeHash", ["codeHash"])
    .index("by_consumerUserId_and_status", ["consumerUserId", "status"])
    .index("by_consumerUserId_and_agentKey_and_createdAt", ["consumerUserId", "agentKey", "createdAt"])
    .index("by_agentKey_and_status", ["agentKey", "status"])
    .index("by_status_and_expiresAt", ["status", "expiresAt"]),

  /**
   * Wrong pairing codes of one Telegram account at one bot within a window. Written and read by `/start <code>` alone,
   * only when a code is wrong. Swept when the window is over: holds the guessers of the last minutes.
   */
  pairingAttempts: defineTable({
    /** `telegram:<bot id>:<user id>`. */
    sender: v.string(),
    windowStartedAt: v.number(),
    failures: v.number(),
  })
    .index("by_sender", ["sender"])
    .index("by_windowStartedAt", ["windowStartedAt"]),

  /**
   * What an account was asked after it opened a pairing link, at one bot: the newest question counts. Written by `/start <code>`, read by the
   * command that answers it. Swept when it is old: holds those of the last minutes.
   */
  pairingQuestions: defineTable({
    /** As in `pairingAttempts`. */
    sender: v.string(),
    /** The chat that was asked; the answer counts there only. */
    telegramChatId: v.string(),
    /** What the command of the answer holds. */
    nonce: v.string(),
    pairing: v.id("pairingCodes"),
    expiresAt: v.number(),
  })
    .index("by_sender", ["sender"])
    .index("by_expiresAt", ["expiresAt"]),

  /**
   * Whose conversation an id is. Cold: written when a user is bound to an agent or a chat is met for the first time, read
   * by every Telegram message and by sends to users. Never deleted: an id that was one user's is never given to another.
   * Grows with the number of (user, agent) pairs and chats.
   */
  conversationIdentities: defineTable({
    /** `user:<consumerUserId>`, or `bot:<bot id>@<chat id>[:<thread id>]` for a chat without a binding. */
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
