/** The account may write to a chat again, or may not any more. Writes `blockedChats`. */
import { v } from "convex/values";
import { findBlocked } from "../channels/blockedChats.js";
import { asMutation } from "../functions.js";

export const noteMembership = asMutation({
  args: { channel: v.string(), accountId: v.string(), chatId: v.string(), blocked: v.boolean() },
  returns: v.null(),
})(async (ctx, { blocked, ...chat }) => {
  const known = await findBlocked(ctx, chat);
  if (blocked && !known) await ctx.db.insert("blockedChats", { ...chat, blockedAt: Date.now() });
  if (!blocked && known) await ctx.db.delete(known._id);
  return null;
});
