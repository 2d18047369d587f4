/** An answer to `ownsConversation` out of the component's own bindings. */
import type { ComponentApi } from "../../component/_generated/component.js";
import type { ConversationOwner } from "./ownData.js";

/**
 * A conversation belongs to a user when it is that of one of the user's agents, however they write to it (Telegram or the
 * app). One more query per call that names a conversation.
 */
export const boundConversations =
  (component: ComponentApi): ConversationOwner =>
  async (ctx, { userId, conversationId }) => {
    const agents = await ctx.runQuery(component.lib.listUserAgents, { consumerUserId: userId });
    return agents.some((agent) => agent.conversationId === conversationId);
  };
