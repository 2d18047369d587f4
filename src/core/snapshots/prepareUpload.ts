/** Opens an upload: a row `uploading` and a URL. Writes `dataSnapshots`. */
import * as contract from "../../contract/snapshots.js";
import { factoryError } from "../../contract/errors.js";
import type { ObjectType } from "convex/values";
import { loadRuntime } from "../config/runtime.js";
import { asMutation } from "../functions.js";
import { findConversation } from "../queue/enqueue.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { authorizeWorker, type WorkerGrant } from "../workers/tokens/authorize.js";
import { bindingOf } from "./bound.js";
import { NEVER } from "./newest.js";

const MAX_VERSIONS = 8;
/** Each snapshot supersedes one; more than one catches up. */
const MAX_DISCARDABLE = 8;
const MAX_VERSION_CHARS = 64;

interface Target {
  workspaceId: string;
  agentKey: string;
  conversationId: string | undefined;
  generation: number;
  turnCount: number;
}

export const prepareDataSnapshotUpload = asMutation(contract.prepareDataSnapshotUpload)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const { workerId, reason } = args;
  const versions = checkedVersions(args.versions);
  const target = await targetOf(ctx, grant, args);
  const { uploadExpiryMs } = (await loadRuntime(ctx)).policies.snapshots;
  const createdAt = Date.now();
  const expiresAt = createdAt + uploadExpiryMs;
  const snapshotId = await ctx.db.insert("dataSnapshots", {
    ...target,
    workerId,
    reason,
    versions,
    formatVersion: contract.SNAPSHOT_FORMAT_VERSION,
    status: "uploading",
    createdAt,
    expiresAt,
  });
  const uploadUrl = await ctx.storage.generateUploadUrl();
  return { snapshotId, uploadUrl, expiresAt, discardable: await discardable(ctx, target, expiresAt) };
});

/**
 * Archives in a bucket that the newest expired rows of this conversation name: only a worker can delete them. Those that were named go
 * at `goneAt`; until then they are named again, as the worker may not have come so far.
 */
async function discardable(ctx: MutationCtx, target: Target, goneAt: number): Promise<string[] | undefined> {
  const { workspaceId, agentKey, conversationId } = target;
  if (conversationId === undefined) return undefined;
  const expired = await ctx.db
    .query("dataSnapshots")
    .withIndex("by_memory", (q) =>
      q
        .eq("workspaceId", workspaceId)
        .eq("agentKey", agentKey)
        .eq("conversationId", conversationId)
        .eq("status", "expired"),
    )
    .order("desc")
    .take(MAX_DISCARDABLE);
  for (const { _id, expiresAt } of expired)
    if (expiresAt === NEVER) await ctx.db.patch(_id, { expiresAt: goneAt });
  const locations = expired.flatMap(({ location }) => (location === undefined ? [] : [location]));
  return locations.length === 0 ? undefined : locations;
}

/**
 * What is being saved. A worker that never claimed has an empty data directory: with a token it is refused; the host may
 * still save it, but under generation 0, which shadows nobody, and without a conversation it is never restored.
 */
async function targetOf(
  ctx: MutationCtx,
  grant: WorkerGrant,
  args: ObjectType<typeof contract.prepareDataSnapshotUpload.args>,
): Promise<Target> {
  const { workspaceId, agentKey, conversationId } = args;
  const binding = await bindingOf(ctx, grant, args);
  const meant =
    binding?.workspace === workspaceId &&
    (conversationId ?? binding.conversationId) === binding.conversationId;
  if (binding && meant) {
    const conversation = await ctx.db.get(binding.conversation);
    return {
      workspaceId,
      agentKey: binding.agentKey,
      conversationId: binding.conversationId,
      // A disk of an earlier ownership must not shadow what others saved since.
      generation: Math.min(binding.generation, args.generation ?? binding.generation),
      turnCount: conversation?.turnCount ?? 0,
    };
  }
  if (!grant.trusted) {
    throw factoryError(
      "snapshot_refused",
      "A worker saves only the conversation it holds, and it holds no such one.",
    );
  }
  const conversation = conversationId === undefined ? null : await findConversation(ctx, conversationId);
  return { workspaceId, agentKey, conversationId, generation: 0, turnCount: conversation?.turnCount ?? 0 };
}

function checkedVersions(versions: Record<string, string> | undefined): Record<string, string> | undefined {
  const entries = Object.entries(versions ?? {});
  if (entries.length > MAX_VERSIONS || entries.flat().some((text) => text.length > MAX_VERSION_CHARS)) {
    const message = `versions takes at most ${MAX_VERSIONS} entries of ${MAX_VERSION_CHARS} characters.`;
    throw factoryError("invalid_argument", message, { argument: "versions" });
  }
  return versions;
}
