import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vBridgeProfileConfig } from "../../contract/agents.js";

export const agentsTables = {
  /** Cold: one row per agent, written by operators, read by every enqueue and hydration. */
  agentProfiles: defineTable({
    agentKey: v.string(),
    version: v.string(),
    secretsRef: v.array(v.string()),
    bridgeConfig: v.optional(vBridgeProfileConfig),
    enabled: v.boolean(),
    workspace: v.string(),
    tag: v.optional(v.string()),
  })
    .index("by_agentKey", ["agentKey"])
    .index("by_enabled", ["enabled"])
    .index("by_workspace", ["workspace"]),
};
