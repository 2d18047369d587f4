/** A few words of the component itself into a chat, such as the question before a pairing. Not part of any conversation. */
import type { MutationCtx } from "../../component/_generated/server.js";
import type { Words } from "./channel.js";
import { channelOf } from "./registry.js";

/** Said after the caller's transaction; nothing at a channel that cannot. */
export async function tellChat(ctx: MutationCtx, { channel, accountId, chatId, text }: Words): Promise<void> {
  const { pairing } = channelOf(channel).capabilities;
  if (pairing)
    await ctx.scheduler.runAfter(0, pairing.tell(), { channel, accountId, chatId, text, tries: 0 });
}
