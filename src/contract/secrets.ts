/** Sealed secrets. Plaintext goes in here and comes out only through hydration and the action that uses it. */
import { v } from "convex/values";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";

/** Stores a new version (the first is 1) and makes it the active one. */
export const importSecret = mutation("operators", { for: "admin" })(() => ({
  args: {
    secretRef: v.string(),
    plaintextValue: v.string(),
    metadata: v.optional(v.record(v.string(), v.string())),
  },
  returns: v.object({ secretId: v.string(), secretRef: v.string(), version: v.number() }),
}));
/** In input order, duplicates repeated. */
export const secretStatus = query("operators", { for: "read" })(() => ({
  args: { secretRefs: v.array(v.string()) },
  returns: v.array(v.object({ secretRef: v.string(), hasActive: v.boolean(), version: orNull.number })),
}));
/**
 * What protects the secrets, and what does not; names what an operator should mend.
 * - returns `keys`: Each master key that active secrets are sealed with, at most 16.
 * - returns `keys.state`: The key new secrets are sealed with; an older one at hand; or one that is nowhere.
 * - returns `keys.secrets`: How many active secrets need it, as far as they were counted.
 */
export const secretStoreReadiness = query("operators", { for: "admin" })(() => ({
  args: {},
  returns: v.object({
    masterKey: oneOf("env", "generated", "absent", "invalid"),
    issues: v.array(v.object({ code: v.string(), message: v.string() })),
    keys: v.array(
      v.object({
        keyId: v.string(),
        state: oneOf("current", "older", "missing"),
        secrets: v.number(),
        capped: v.boolean(),
      }),
    ),
  }),
}));
/**
 * One version of a secret, without its value.
 * - `keyId`: The master key it is, or was, sealed with.
 * - `wipedAt`: When the value was destroyed; null = it is still there, sealed.
 */
const vSecretVersion = lazy(() =>
  v.object({
    version: v.number(),
    active: v.boolean(),
    keyId: v.string(),
    createdAt: v.number(),
    metadata: v.optional(v.record(v.string(), v.string())),
    supersededAt: orNull.number,
    wipedAt: orNull.number,
  }),
);
/** The newest 50 versions below `beforeVersion` (default: all), newest first. Throws `secret_not_found`. */
export const listSecretVersions = query("operators", { for: "admin" })(() => ({
  args: { secretRef: v.string(), beforeVersion: opt.number },
  returns: v.array(vSecretVersion),
}));
/**
 * Destroys the value of every version of a secret, the active one first; that they existed stays on record. At most 50 at
 * once, the rest right afterwards. A repeat wipes nothing more. Throws `secret_not_found`.
 */
export const deleteSecret = mutation("operators", { for: "admin" })(() => ({
  args: { secretRef: v.string() },
  returns: v.object({ secretRef: v.string(), wipedVersions: v.number() }),
}));
/**
 * - `keyId`: The key everything is being sealed with; null = never started.
 * - `failed`: Their key is missing, or the row was altered.
 * - `total`: `done`, `failed` and what is left to do, as far as that was counted.
 * - `lastError`: Names one secret that failed and why.
 */
const vRewrapProgress = lazy(() =>
  v.object({
    keyId: orNull.string,
    running: v.boolean(),
    done: v.number(),
    failed: v.number(),
    total: v.number(),
    totalCapped: v.boolean(),
    lastError: orNull.string,
    startedAt: orNull.number,
    finishedAt: orNull.number,
  }),
);
/**
 * Seals the data key of every secret that is still under an older master key with the current one, in the background and
 * while secrets are read. Repeats are harmless: they join the run that is under way, or take up one that was interrupted.
 * Without any key there is nothing to do. Throws `master_key_invalid`.
 */
export const rewrapSecrets = mutation("operators", { for: "admin" })(() => ({
  args: {},
  returns: vRewrapProgress,
}));
/** How far the last `rewrapSecrets` is. */
export const rewrapProgress = query("operators", { for: "admin" })(() => ({
  args: {},
  returns: vRewrapProgress,
}));
