import { defineTable } from "convex/server";
import { v } from "convex/values";

export const tokenTables = {
  /**
   * One row per minted worker token, under the token's id (`jti`); the token itself is not kept. Written by create,
   * rotate and revoke; read by every call that carries the token or its alias. Cold: using a token never writes it. A
   * row is deleted 30 days after its expiry, some with each token minted.
   */
  workerTokens: defineTable({
    tokenId: v.string(),
    workspace: v.optional(v.string()),
    tags: v.array(v.string()),
    group: v.optional(v.string()),
    workerId: v.optional(v.string()),
    maxWorkers: v.optional(v.number()),
    /** May list system lanes. */
    trusted: v.optional(v.boolean()),
    /** SHA-256, in hex, of the opaque path that stands for this token. */
    aliasHash: v.optional(v.string()),
    createdAt: v.number(),
    /** The life it was minted with; a rotation without an explicit life repeats it. */
    lifetimeMs: v.number(),
    /** Moved forward by a rotation; never later than the `exp` that was signed. */
    expiresAt: v.number(),
    revokedAt: v.optional(v.number()),
    rotatedFrom: v.optional(v.string()),
    /** The first token of its line of rotations, whose workers are theirs too; absent: it is the first itself. */
    family: v.optional(v.string()),
    /** Made for agent workers by an operator, not for a machine of the fleet: what `listDeployments` shows. */
    forAgents: v.optional(v.boolean()),
    replacedBy: v.optional(v.string()),
  })
    .index("by_tokenId", ["tokenId"])
    .index("by_aliasHash", ["aliasHash"])
    .index("by_deployment", ["forAgents", "replacedBy"])
    .index("by_expiresAt", ["expiresAt"]),

  /**
   * When a token was last used, apart from its row so that a use invalidates no authorisation. Inserted when a worker registers
   * with the token and when the beat of a silent one goes; idle polls are on the worker's beat (`beats.tokenId`). Read by
   * `listWorkerTokens`. The newest row of a token stays until the token goes; the others go with the next silent worker of it.
   */
  workerTokenUses: defineTable({ tokenId: v.string(), usedAt: v.number() }).index("by_tokenId", [
    "tokenId",
    "usedAt",
  ]),

  /**
   * The workers that count against `maxWorkers` of a token that has one. Inserted when a worker registers or comes with another token,
   * deleted when it stops or is removed; read by registrations with that token.
   */
  workerSeats: defineTable({ tokenId: v.string(), worker: v.string() })
    .index("by_tokenId", ["tokenId"])
    .index("by_worker", ["worker"]),

  /**
   * Refusals at the worker gateway in the present minute, per token id or, for the unknown, per error code: hot under
   * attack, and no longer written once the limit is reached. Written and read by `noteWorkerRefusal` alone; rows of
   * past minutes are reused or swept.
   */
  refusalWindows: defineTable({ key: v.string(), windowStart: v.number(), count: v.number() })
    .index("by_key", ["key"])
    .index("by_windowStart", ["windowStart"]),
};
