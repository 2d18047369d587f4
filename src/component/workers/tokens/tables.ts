import { defineTable } from "convex/server";
import { v } from "convex/values";

export const tokenTables = {
  /**
   * One row per minted worker token, under the token's id (`jti`); the token itself is not kept. Written by create,
   * rotate and revoke; read by every call that carries the token. Cold: using a token never writes it. A row is
   * deleted 30 days after its expiry, some with each token minted.
   */
  workerTokens: defineTable({
    tokenId: v.string(),
    workspace: v.optional(v.string()),
    tags: v.array(v.string()),
    group: v.optional(v.string()),
    workerId: v.optional(v.string()),
    createdAt: v.number(),
    /** The life it was minted with; a rotation without an explicit life repeats it. */
    lifetimeMs: v.number(),
    /** Moved forward by a rotation; never later than the `exp` that was signed. */
    expiresAt: v.number(),
    revokedAt: v.optional(v.number()),
    rotatedFrom: v.optional(v.string()),
  })
    .index("by_tokenId", ["tokenId"])
    .index("by_expiresAt", ["expiresAt"]),
};
