/** Sealed secrets. Plaintext goes in here and comes out only through hydration and the action that uses it. */
import { v } from "convex/values";
import { defineRow } from "./row.js";

/** Stores a new version (the first is 1) and makes it the active one. */
export const importSecret = defineRow({
  args: {
    secretRef: v.string(),
    plaintextValue: v.string(),
    metadata: v.optional(v.record(v.string(), v.string())),
  },
  returns: v.object({ secretId: v.string(), secretRef: v.string(), version: v.number() }),
});
/** In input order, duplicates repeated. */
export const secretStatus = defineRow({
  args: { secretRefs: v.array(v.string()) },
  returns: v.array(
    v.object({ secretRef: v.string(), hasActive: v.boolean(), version: v.union(v.number(), v.null()) }),
  ),
});
/** What protects the secrets, and what does not; names what an operator should mend. */
export const secretStoreReadiness = defineRow({
  args: {},
  returns: v.object({
    masterKey: v.union(v.literal("env"), v.literal("generated"), v.literal("absent"), v.literal("invalid")),
    issues: v.array(v.object({ code: v.string(), message: v.string() })),
  }),
});
