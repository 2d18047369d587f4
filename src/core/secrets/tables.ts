import { defineTable } from "convex/server";
import { v } from "convex/values";

export const secretsTables = {
  /**
   * One row per version of a secret, sealed; see `src/policy/secrets/envelope.ts` for the bytes. Written by
   * `importSecret`, `deleteSecret`, the rewrap (its `wrappedKey` and `keyId`) and `sweepSecrets`; read by the vault,
   * `secretStatus`, `listSecretVersions`, `secretStoreReadiness`. Cold. At most one row of a ref is active; a superseded one
   * is wiped after `secrets.supersededGraceMs`, a wiped one deleted after `secrets.historyRetentionMs`.
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
    /** When a newer version took its place, or it was deleted. */
    supersededAt: v.optional(v.number()),
    /** When its two byte fields were emptied. */
    wipedAt: v.optional(v.number()),
  })
    .index("by_secretRef_and_active", ["secretRef", "active"])
    .index("by_secretRef_and_version", ["secretRef", "version"])
    .index("by_secretRef_and_wipedAt", ["secretRef", "wipedAt"])
    .index("by_wipedAt_and_keyId", ["wipedAt", "active", "keyId"])
    .index("by_wipedAt_and_supersededAt", ["wipedAt", "supersededAt"]),
  /**
   * Master keys the component made itself because the host passed none. Written once, by the first import or token
   * without a key from the environment; read by the vault and by token checks. Cold. Grows by one row at most, unless
   * an operator adds rows.
   */
  masterKeys: defineTable({ keyId: v.string(), key: v.bytes(), createdAt: v.number() }).index("by_keyId", [
    "keyId",
  ]),
  /** One row: the newest rewrap. Written by `rewrapSecrets` and its steps, read by `rewrapProgress`. Cold. */
  rewrapRuns: defineTable({
    /** Steps of an earlier start do nothing. */
    generation: v.number(),
    /** The key everything is being sealed with. */
    keyId: v.string(),
    /** Where the next step goes on in `by_wipedAt_and_keyId`: after this creation time among the rows of this key. */
    cursor: v.object({ active: v.boolean(), keyId: v.string(), after: v.number() }),
    done: v.number(),
    failed: v.number(),
    lastError: v.optional(v.string()),
    startedAt: v.number(),
    finishedAt: v.optional(v.number()),
    /** The step that is scheduled or running. */
    step: v.optional(v.id("_scheduled_functions")),
  }),
};
