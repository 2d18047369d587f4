/**
 * A message that a user writes through the app's `enqueue`. The host has checked that the conversation and the agent are
 * theirs; where the answer goes is read from their binding. Writes what `enqueue` writes.
 */
import { factoryError } from "../../contract/errors.js";
import * as queueContract from "../../contract/queue.js";
import { userMetadata } from "../../policy/identity/userMetadata.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { loadRuntime } from "../config/runtime.js";
import { app } from "../channels/app/channel.js";
import { isAddressKey } from "../channels/registry.js";
import { asMutation } from "../functions.js";
import { activeBinding, conversationTarget } from "../identity/bindings.js";
import type { Binding } from "../identity/contactBinding.js";
import { enqueueMessage } from "../queue/enqueue.js";
import * as contract from "../../contract/views.js";
import { conversationOfUser } from "../identity/conversation.js";

/**
 * Throws what `enqueueMessage` throws. The message's own address and raw update are passed over; it may wait longer than others, not
 * shorter.
 */
export const enqueueAsUser = asMutation(queueContract.enqueue)(async (ctx, { asUser, payload, ...args }) => {
  if (asUser === undefined || asUser.trim() === "")
    throw factoryError("invalid_argument", "asUser must not be blank");
  const { agentKey, conversationId } = args;
  const usual = (await loadRuntime(ctx)).policies.queue.defaultPriority;
  const active = await activeBinding(ctx, asUser);
  const binding = active?.agentKey === agentKey ? active : null;
  const agent = await findAgent(ctx, agentKey);
  const address = await addressOf(ctx, binding, conversationId);
  return await enqueueMessage(ctx, {
    ...args,
    priority: Math.min(args.priority ?? usual, usual),
    payload: {
      provider: address?.provider ?? app.kind,
      providerUserId: address?.providerUserId ?? asUser,
      messageText: payload.messageText,
      // In a chat it would name one of the chat's messages.
      externalMessageId: address === null ? payload.externalMessageId : undefined,
      metadata: {
        ...userMetadata(payload.metadata, isAddressKey, agent?.tag, binding?.metadata),
        consumerUserId: asUser,
        ...address?.metadata,
      },
    },
  });
});

/** The user's own chat, when this is the conversation that belongs to it; null for any other. */
async function addressOf(ctx: QueryCtx, binding: Binding | null, conversationId: string) {
  if (binding?.chatId === undefined) return null;
  const target = await conversationTarget(ctx, binding);
  return target.conversationId === conversationId ? target : null;
}

export const sendMessageToUserAgent = asMutation(contract.sendMessageToUserAgent)(async (ctx, args) => {
  const { consumerUserId, agentKey, content, metadata, providerConfig } = args;
  const binding = await activeBinding(ctx, consumerUserId);
  if (binding?.agentKey !== agentKey)
    throw factoryError("push_no_binding", "No active binding found for consumerUserId and agentKey");
  // A pair without a chat has its id only from now on.
  await conversationOfUser(ctx, { consumerUserId, agentKey }, null);
  const target = await conversationTarget(ctx, { consumerUserId, agentKey });
  const said =
    args.saidByUser === true
      ? userMetadata(metadata, isAddressKey, (await findAgent(ctx, agentKey))?.tag, binding.metadata)
      : metadata;
  return await enqueueMessage(ctx, {
    conversationId: target.conversationId,
    agentKey,
    payload: {
      provider: target.provider,
      providerUserId: target.providerUserId,
      messageText: content,
      metadata: {
        ...said,
        consumerUserId,
        source: "user_agent_api",
        ...target.metadata,
      },
    },
    providerConfig,
  });
});
