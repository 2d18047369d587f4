/** Merges metadata into a message's payload; new values win. A worker may do so only for the message it holds. */
import * as contract from "../../contract/queue.js";
import { loadRuntime } from "../config/runtime.js";
import { asMutation } from "../functions.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { checkMetadataSize } from "./enqueue.js";
import { mayTouch, messageIdOf } from "./lease.js";

export const attachMessageMetadata = asMutation(contract.attachMessageMetadata)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const message = await ctx.db.get(messageIdOf(ctx, args.messageId));
  if (!message) return false;
  const conversation = await ctx.db.get(message.conversation);
  if (!conversation || !mayTouch(conversation, grant, args)) return false;
  const isHost = grant.trusted && args.workerId === undefined;
  if (!isHost && conversation.head !== message._id) return false;
  const metadata = { ...message.payload.metadata, ...args.metadata };
  checkMetadataSize(metadata, (await loadRuntime(ctx)).policies.queue);
  await ctx.db.patch(message._id, { payload: { ...message.payload, metadata } });
  return true;
});
