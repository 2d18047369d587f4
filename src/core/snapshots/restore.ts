/** What a worker does with its conversation's memory: ask for it, restore it, give it up once it is safe. */
import * as contract from "../../contract/snapshots.js";
import { asQuery, asMutation } from "../functions.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { authorizeWorker, type WorkerGrant } from "../workers/tokens/authorize.js";
import { bindingOf, findOwnSnapshot } from "./bound.js";
import { newestReady, type Memory } from "./newest.js";
import { loadRuntime } from "../config/runtime.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import { unbindWorker } from "../workers/binding.js";
import { findWorker } from "../workers/register.js";

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

export const getWorkerMemory = asQuery(contract.getWorkerMemory)(async (ctx, args) => {
  const binding = await bindingOf(ctx, await authorizeWorker(ctx, args), args);
  if (!binding) return null;
  const { everyTurns, maxBytes } = (await loadRuntime(ctx)).policies.snapshots;
  const { workspace: workspaceId, agentKey, conversationId, generation } = binding;
  return { workspaceId, agentKey, conversationId, generation, everyTurns, maxBytes };
});

export const releaseConversation = asMutation(contract.releaseConversation)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const row = await findOwnSnapshot(ctx, grant, args);
  if (row?.status !== "ready" || row.conversationId !== args.conversationId) return false;
  const worker = await findWorker(ctx, args.workerId);
  if (!worker) return false;
  // The answer to an earlier call was lost.
  if (!worker.binding) return true;
  if (!(await holdsEverything(ctx, row, worker.binding))) return false;
  await unbindWorker(ctx, worker);
  return true;
});

/** While the conversation is still this owner's, the snapshot must have its last turn and no message may be in hand. */
async function holdsEverything(
  ctx: QueryCtx,
  row: Doc<"dataSnapshots">,
  binding: NonNullable<Doc<"workers">["binding"]>,
): Promise<boolean> {
  if (row.generation !== binding.generation || row.conversationId !== binding.conversationId) return false;
  if (row.workspaceId !== binding.workspace || row.agentKey !== binding.agentKey) return false;
  const conversation = await ctx.db.get(binding.conversation);
  if (!conversation || conversation.generation !== binding.generation) return true;
  if (conversation.state === "held" && conversation.holder === row.workerId) return false;
  return row.turnCount >= conversation.turnCount;
}
