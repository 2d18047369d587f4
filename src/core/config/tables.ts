import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vMessageConfig } from "../../contract/agents.js";
import { vProviderConfig } from "../../contract/providers.js";
import { vPolicyOverrides } from "../../contract/policies.js";

export const configTables = {
  /**
   * Cold, written by operators. `runtime`: read by every enqueue and claim (policies and prompt together: one read).
   * `provider`: read by the fleet alone.
   */
  runtimeConfig: defineTable({
    key: v.union(v.literal("runtime"), v.literal("provider")),
    providerConfig: v.optional(vProviderConfig),
    policies: v.optional(vPolicyOverrides),
    messageConfig: v.optional(vMessageConfig),
    updatedAt: v.number(),
  }).index("by_key", ["key"]),
};
