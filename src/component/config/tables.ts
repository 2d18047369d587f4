import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vMessageConfig } from "../../contract/agents.js";
import { vPolicyOverrides } from "../../contract/policies.js";

export const configTables = {
  /** Cold: one row, written by operators, read by every enqueue and claim (policies and prompt together: one read). */
  runtimeConfig: defineTable({
    key: v.literal("runtime"),
    policies: v.optional(vPolicyOverrides),
    messageConfig: v.optional(vMessageConfig),
    updatedAt: v.number(),
  }).index("by_key", ["key"]),
};
