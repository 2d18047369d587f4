/** The channels, one line each. */
import { NAMED_CHANNEL } from "../../policy/compat/names.js";
import { app } from "./app/channel.js";
import type { Channel } from "./channel.js";
import { telegram } from "./telegram/channel.js";

/** Null as the prototype: a provider's name is foreign text. */
export const channels: Record<string, Channel> = Object.assign(Object.create(null) as object, {
  app,
  telegram,
});

/** The channel of a message. Whatever is nobody's name (`web`, a host's own) is answered in the app. */
export const channelOf = (provider: string): Channel => channels[provider] ?? app;

/** The channel of functions that name none. */
export const namedChannel = (): Channel => channelOf(NAMED_CHANNEL);

/** Metadata of this name is an address at some channel: not for users to say. */
export const isAddressKey = (name: string): boolean =>
  Object.values(channels).some(
    ({ kind, address }) =>
      Object.keys(address.metadata({ chatId: "", userId: "" })).length > 0 &&
      name.toLowerCase().startsWith(kind.toLowerCase()),
  );
