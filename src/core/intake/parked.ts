/** Events that could not become messages: kept once each. Writes `parkedUpdates`. */
import type { ErrorData } from "../../contract/errors.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import type { FileEvent } from "../attachments/receive.js";
import { cutText } from "../../policy/text/cut.js";

/** Characters kept of a parked update: a document holds 1 MiB, and a real update has a few thousand. */
const MAX_PARKED_CHARS = 64 * 1024;

export const findParked = (
  ctx: QueryCtx,
  { channel, accountId, eventId }: FileEvent,
): Promise<Doc<"parkedUpdates"> | null> =>
  ctx.db
    .query("parkedUpdates")
    .withIndex("by_event", (q) => q.eq("channel", channel).eq("accountId", accountId).eq("eventId", eventId))
    .first();

export async function park(
  ctx: MutationCtx,
  update: FileEvent & { agentKey: string; rawUpdateJson: string },
  error: ErrorData,
): Promise<void> {
  const truncated = update.rawUpdateJson.length > MAX_PARKED_CHARS;
  await ctx.db.insert("parkedUpdates", {
    ...update,
    rawUpdateJson: truncated ? cutText(update.rawUpdateJson, MAX_PARKED_CHARS) : update.rawUpdateJson,
    parkedAt: Date.now(),
    code: error.code,
    message: error.message,
    ...(truncated && { truncated }),
  });
}
