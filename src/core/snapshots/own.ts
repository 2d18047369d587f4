/** The row a worker speaks of, if it is its own. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { findWorker } from "../workers/register.js";
import type { WorkerGrant } from "../workers/tokens/authorize.js";
import { isOwnId } from "../workers/whose.js";

/** Null for an unknown id, another worker's row, one outside the token's workspace, or a worker id of another token. */
export async function findOwnSnapshot(
  ctx: QueryCtx,
  grant: WorkerGrant,
  args: { workerId: string; snapshotId: string },
): Promise<Doc<"dataSnapshots"> | null> {
  const id = ctx.db.normalizeId("dataSnapshots", args.snapshotId);
  const row = id && (await ctx.db.get(id));
  if (row?.workerId !== args.workerId) return null;
  if (grant.workspace !== null && grant.workspace !== row.workspaceId) return null;
  return (await isOwnId(ctx, grant, await findWorker(ctx, args.workerId))) ? row : null;
}
