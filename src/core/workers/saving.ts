/** Whether a worker is at its snapshot: it neither asks for work nor holds a lease meanwhile, and is no less alive. */
import type { Policies } from "../../contract/policies.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/**
 * Until when it may still be uploading what it holds, epoch ms: `fleet.stopTimeoutMs` after it began, which is longer than an upload
 * takes. 0: it has begun none, or it has ended. One document.
 */
export async function savingUntil(
  ctx: QueryCtx,
  binding: Doc<"workers">["binding"],
  { stopTimeoutMs }: Policies["fleet"],
): Promise<number> {
  if (!binding) return 0;
  const { workspace, agentKey, conversationId, generation } = binding;
  const begun = await ctx.db
    .query("dataSnapshots")
    .withIndex("by_memory", (q) =>
      q
        .eq("workspaceId", workspace)
        .eq("agentKey", agentKey)
        .eq("conversationId", conversationId)
        .eq("status", "uploading")
        .eq("generation", generation),
    )
    .order("desc")
    .first();
  return begun === null ? 0 : begun.createdAt + stopTimeoutMs;
}
