/** Which snapshot is a conversation's memory, and how long others are kept. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

export interface Memory {
  workspace: string;
  agentKey: string;
  conversationId: string;
}

/** The ready snapshots of exactly this conversation, best first: by generation, then by time. */
export const readySnapshots = (ctx: QueryCtx, { workspace, agentKey, conversationId }: Memory) =>
  ctx.db
    .query("dataSnapshots")
    .withIndex("by_memory", (q) =>
      q
        .eq("workspaceId", workspace)
        .eq("agentKey", agentKey)
        .eq("conversationId", conversationId)
        .eq("status", "ready"),
    )
    .order("desc");

/** The one to restore, or null. One document. */
export const newestReady = (ctx: QueryCtx, memory: Memory): Promise<Doc<"dataSnapshots"> | null> =>
  readySnapshots(ctx, memory).first();

/** `expiresAt` of a snapshot that stays: the last moment a `Date` can express. */
export const NEVER = 8.64e15;
/** A restore that is under way may still read a superseded archive. An upload URL lives as long. */
export const SUPERSEDED_GRACE_MS = 3_600_000;
