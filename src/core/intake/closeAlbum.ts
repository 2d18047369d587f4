/** The end of an album's collecting. Writes `messageQueue`. */
import { v } from "convex/values";
import { internal } from "../../component/_generated/api.js";
import { asMutation } from "../functions.js";
import { releaseWhenComplete } from "../queue/filesArrived.js";

/** No part came for a second: the message waits for its files alone now. An early timer is set again. */
export const close = asMutation({ args: { album: v.id("albums") }, returns: v.null() })(async (
  ctx,
  { album },
) => {
  const row = await ctx.db.get(album);
  if (!row) return null;
  if (row.openUntil > Date.now()) {
    await ctx.scheduler.runAt(row.openUntil, internal.queue.closeAlbum, { album });
    return null;
  }
  const message = await ctx.db.get(row.message);
  if (message?.waiting?.collecting !== true) return null;
  await ctx.db.patch(message._id, { waiting: { until: message.waiting.until } });
  await releaseWhenComplete(ctx, message._id);
  return null;
});
