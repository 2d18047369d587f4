/** A message from the app in its user's name. Writes what `enqueue` writes, and claims the pair's conversation id. */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/views.js";
import { userMetadata } from "../../policy/identity/userMetadata.js";
import { findAgent } from "../agents/findAgent.js";
import { isAddressKey } from "../channels/registry.js";
import { asMutation } from "../functions.js";
import { activeBinding, conversationTarget } from "../identity/bindings.js";
import { conversationOfUser } from "../identity/conversation.js";
import { enqueueMessage } from "../queue/enqueue.js";

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
