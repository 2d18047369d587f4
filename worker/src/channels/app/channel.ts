/** The host app's own chat, and everything that is nobody's name: the app reads the answers from the history. */
import type { ChannelDefinition } from "../channel.js";

export const appChannel = { env: {}, create: () => ({ kind: "app" }) } satisfies ChannelDefinition;
