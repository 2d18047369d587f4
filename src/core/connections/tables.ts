import { defineTable } from "convex/server";
import { v } from "convex/values";

export const connectionsTables = {
  /**
   * Names of credentials that live on workers only; never a value. Cold: written by operators, read by hydration and lists.
   * At most 32 rows a workspace.
   */
  connections: defineTable({
    workspaceId: v.string(),
    name: v.string(),
    kind: v.string(),
    description: v.optional(v.string()),
    /** Absent: every agent of the workspace. */
    agentKeys: v.optional(v.array(v.string())),
    createdAt: v.number(),
    updatedAt: v.number(),
  }).index("by_workspace", ["workspaceId", "name"]),
};
