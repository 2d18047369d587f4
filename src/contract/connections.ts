/**
 * Connections: credentials that live only on the customer's workers. The control plane knows their names and what they are
 * for; their values never pass through it.
 */
import { v, type Infer } from "convex/values";
import { lazy, mutation, opt, orNull, query } from "./row.js";

/** A connection's name on both sides. */
export const connectionName = /^[a-z0-9][a-z0-9_-]{0,62}$/;
/** Connections of one workspace. */
export const MAX_CONNECTIONS = 32;

/**
 * - `kind`: What it reaches, for people: `postgres`, `salesforce`.
 * - `agentKeys`: The agents that get it; null = all of the workspace.
 */
export const vConnectionView = lazy(() =>
  v.object({
    workspaceId: v.string(),
    name: v.string(),
    kind: v.string(),
    description: orNull.string,
    agentKeys: v.union(v.array(v.string()), v.null()),
    createdAt: v.number(),
    updatedAt: v.number(),
  }),
);
export type ConnectionView = Infer<typeof vConnectionView>;

/**
 * Registers a name, or replaces what is known of it. Its value is added on each worker: `agent-factory-worker connections
 * add <name>`. `invalid_argument` for names other than lower-case letters, digits, `_`, `-`, and beyond 32 a workspace.
 * - `workspaceId`: Default `default`.
 * - `agentKeys`: Default: every agent of the workspace.
 */
export const registerConnection = mutation(
  "operators",
  "admin",
)(() => ({
  args: {
    workspaceId: opt.string,
    name: v.string(),
    kind: v.string(),
    description: opt.string,
    agentKeys: v.optional(v.array(v.string())),
  },
  returns: v.null(),
}));

/** All of a workspace (default `default`), by name. */
export const listConnections = query(
  "operators",
  "admin",
)(() => ({
  args: { workspaceId: opt.string },
  returns: v.array(vConnectionView),
}));

/** false: there was none. Workers keep their value until it is removed there. */
export const removeConnection = mutation(
  "operators",
  "admin",
)(() => ({
  args: { workspaceId: opt.string, name: v.string() },
  returns: v.boolean(),
}));
