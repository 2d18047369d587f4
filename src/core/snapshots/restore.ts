/** Which archive a worker restores. It never reads the clock: a snapshot that is ready is good, however old. */
import * as contract from "../../contract/snapshots.js";
import { asQuery } from "../functions.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { authorizeWorker, type WorkerGrant } from "../workers/tokens/authorize.js";
import { bindingOf } from "./bound.js";
import { newestReady, type Memory } from "./newest.js";

interface RestoreArgs {
  workspaceId: string;
  agentKey: string;
  conversationId?: string;
  workerId?: string;
  leaseId?: string;
}

export const getLatestDataSnapshotForRestore = asQuery(contract.getLatestDataSnapshotForRestore)(async (
  ctx,
  args,
) => {
  const grant = await authorizeWorker(ctx, args);
  const memory = await memoryOf(ctx, grant, args);
  const row = memory && (await newestReady(ctx, memory));
  const location = row?.location;
  const downloadUrl = row?.archiveFileId ? await ctx.storage.getUrl(row.archiveFileId) : (location ?? null);
  if (!row || downloadUrl === null) return null;
  const { _id: snapshotId, sha256 = null, sizeBytes = null, createdAt, generation } = row;
  return { snapshotId, downloadUrl, sha256, sizeBytes, createdAt, generation, location };
});

/** The host may ask for any conversation; a worker with a token gets the one it is bound to, whatever agent it names. */
async function memoryOf(ctx: QueryCtx, grant: WorkerGrant, args: RestoreArgs): Promise<Memory | null> {
  const { workspaceId: workspace, agentKey, conversationId } = args;
  if (grant.trusted && conversationId !== undefined) return { workspace, agentKey, conversationId };
  const binding = await bindingOf(ctx, grant, args);
  if (binding?.workspace !== workspace) return null;
  if (conversationId !== undefined && conversationId !== binding.conversationId) return null;
  return { workspace, agentKey: binding.agentKey, conversationId: binding.conversationId };
}
