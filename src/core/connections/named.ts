/** Rows of connections. */
import { MAX_CONNECTIONS } from "../../contract/connections.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

export const DEFAULT_WORKSPACE = "default";

export const connectionsOf = (ctx: QueryCtx, workspaceId: string): Promise<Doc<"connections">[]> =>
  ctx.db
    .query("connections")
    .withIndex("by_workspace", (q) => q.eq("workspaceId", workspaceId))
    .take(MAX_CONNECTIONS);

export const findConnection = (
  ctx: QueryCtx,
  workspaceId: string,
  name: string,
): Promise<Doc<"connections"> | null> =>
  ctx.db
    .query("connections")
    .withIndex("by_workspace", (q) => q.eq("workspaceId", workspaceId).eq("name", name))
    .unique();

/** The names that a message of this agent is hydrated with; undefined: none. Reads the workspace's connections. */
export async function connectionsForAgent(
  ctx: QueryCtx,
  workspaceId: string,
  agentKey: string,
): Promise<{ name: string; kind: string }[] | undefined> {
  const rows = await connectionsOf(ctx, workspaceId);
  const own = rows.filter(({ agentKeys }) => agentKeys === undefined || agentKeys.includes(agentKey));
  return own.length === 0 ? undefined : own.map(({ name, kind }) => ({ name, kind }));
}
