/** A conversation comes into line. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { poolOf } from "../../policy/queue/lane.js";
import { placeInLine } from "../../policy/queue/place.js";
import { seeToLook } from "./alarms.js";
import { laneIn, publishedLine } from "./line.js";

type Conversation = Doc<"conversations">;

/**
 * The fields of a conversation row that becomes ready now, and the look that it causes when none is near. Reads two documents
 * that nobody writes at that moment, and calls nothing.
 */
export async function readyFields(
  ctx: MutationCtx,
  at: { lane: string; workspace: string; priority: number; owner?: string },
): Promise<
  Pick<
    Conversation,
    "state" | "lane" | "pool" | "priority" | "band" | "start" | "rank" | "urgency" | "readyAt"
  >
> {
  const now = Date.now();
  const pool = poolOf(at.lane, at.owner);
  const line = laneIn(await publishedLine(ctx, now), pool);
  await seeToLook(ctx, line?.saturated.includes(at.workspace) ?? false);
  return {
    state: "ready",
    lane: at.lane,
    pool,
    priority: at.priority,
    readyAt: now,
    ...placeInLine(at.priority, line?.virtual ?? null, now),
  };
}
