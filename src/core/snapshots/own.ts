/** The row a worker speaks of, if it is its own. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import type { WorkerGrant } from "../workers/tokens/authorize.js";

/** Null for an unknown id, another worker's row, or one outside the token's workspace. One document. */
export async function findOwnSnapshot(
  ctx: QueryCtx,
  grant: WorkerGrant,
  args: { workerId: string; snapshotId: string },
): Promise<Doc<"dataSnapshots"> | null> {
  const id = ctx.db.normalizeId("dataSnapshots", args.snapshotId);
  const row = id && (await ctx.db.get(id));
  if (row?.workerId !== args.workerId) return null;
  return grant.workspace === null || grant.workspace === row.workspaceId ? row : null;
}
