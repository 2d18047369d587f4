/** The host app's own chat: no transport, no credential. Answers stay in the history, where the app shows them; files are in storage. */
import type { Channel } from "../channel.js";

/** Of messages that nobody wrote: pushes and broadcasts to users without a chat. */
export const PUSH_PROVIDER = "system_push";

export const app: Channel = {
  kind: "app",
  address: { chatOf: ({ providerUserId }) => providerUserId, metadata: () => ({}) },
  credential: null,
  capabilities: {},
};
