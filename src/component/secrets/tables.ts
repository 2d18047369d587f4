import { defineTable } from "convex/server";
import { v } from "convex/values";

export const secretsTables = {
  /**
   * One row per version of a secret, sealed; see `src/policy/secrets/envelope.ts` for the bytes.
   * Written by `importSecret`; read by the vault, `secretStatus`, `secretStoreReadiness`. Cold. Grows with each
   * version imported; at most one row of a ref is active.
   */
  secrets: defineTable({
    secretRef: v.string(),
    version: v.number(),
    /** The value under this version's own data key: nonce, ciphertext, tag. */
    encryptedValue: v.bytes(),
    /** The data key under the master key: nonce, ciphertext, tag. */
    wrappedKey: v.bytes(),
    /** Which master key opens `wrappedKey`. */
    keyId: v.string(),
    /** The format of the two byte fields. */
    algorithm: v.literal("af1"),
    active: v.boolean(),
    /** The row that was active before this one. */
    rotatedFrom: v.optional(v.id("secrets")),
    metadata: v.optional(v.record(v.string(), v.string())),
  })
    .index("by_secretRef_and_active", ["secretRef", "active"])
    .index("by_secretRef_and_version", ["secretRef", "version"])
    .index("by_active_and_keyId", ["active", "keyId"]),
  /**
   * Master keys the component made itself because the host passed none. Written once, by the first import or token
   * without a key from the environment; read by the vault and by token checks. Cold. Grows by one row at most, unless
   * an operator adds rows.
   */
  masterKeys: defineTable({ keyId: v.string(), key: v.bytes(), createdAt: v.number() }).index("by_keyId", [
    "keyId",
  ]),
};
