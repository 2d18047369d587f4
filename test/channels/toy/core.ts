/**
 * The toy channel's side in the component. Its requests are JSON: `{"id", "chat", "from", "text", "message"}`, a group's with
 * `"to"`; `"edited"` for a new text, `"gone"` for a chat that may not be written to any more.
 */
import type { Channel } from "../../../src/core/channels/channel.js";
import { findBlocked } from "../../../src/core/channels/blockedChats.js";
import type { ChannelEvent, Parsed } from "../../../src/policy/channels/events.js";
import { boolean, object, optional, readOrNull, string } from "../../../src/policy/json/readers.js";
import { parseJson } from "../../../src/policy/text/parseJson.js";

const request = object({
  id: string,
  chat: string,
  from: optional(string),
  text: optional(string),
  message: optional(string),
  to: optional(string),
  edited: optional(boolean),
  gone: optional(boolean),
});
const KEY = /^toy-(\w+)-[a-z]{8}$/;
const isGroup = (chatId: string): boolean => chatId.startsWith("#");

function eventOf(read: ReturnType<typeof request>): ChannelEvent {
  const { id, chat, from, text, message, edited, gone } = read;
  if (gone !== undefined) return { kind: "membership", chatId: chat, blocked: gone };
  if (!from) return { kind: "ignored" };
  const origin = { chatId: chat, userId: from, isPrivate: !isGroup(chat) };
  const messageText = (text ?? "").trim();
  if (messageText === "") return { kind: "unsupported", ...origin };
  return {
    kind: edited === true ? "edited" : "message",
    ...origin,
    messageText,
    hasWords: true,
    externalMessageId: message ?? id,
    files: [],
    metadata: { toyChat: chat, toyUser: from },
  };
}

function parse(body: string): Parsed {
  const json = parseJson(body);
  if (json === undefined) return { kind: "notJson" };
  const read = readOrNull(request, json);
  if (read === null) return { kind: "notAnEvent" };
  return {
    kind: "event",
    eventId: read.id,
    event: eventOf(read),
    addressee: ({ accountId }) =>
      read.to === undefined ? "nobody" : read.to === accountId ? "account" : "another",
  };
}

const chatOf: Channel["address"]["chatOf"] = ({ metadata, providerUserId }) =>
  metadata?.["toyChat"] ?? providerUserId;
const accountOf = (key: string): string | null => KEY.exec(key)?.[1] ?? null;

export const toy: Channel = {
  kind: "toy",
  parse,
  address: {
    chatOf,
    metadata: ({ chatId, userId }) => ({
      ...(chatId !== undefined && { toyChat: chatId }),
      ...(userId !== undefined && { toyUser: userId }),
    }),
  },
  credential: {
    isRef: (ref) => ref.startsWith("toy.key."),
    refOf: (agentKey) => `toy.key.${agentKey}`,
    agentOf: (ref) => (ref.startsWith("toy.key.") ? ref.slice("toy.key.".length) : null),
    accountOf,
  },
  capabilities: { groups: { isGroup, wanted: () => "addressed" }, edits: true },
  async whyUnreachable(ctx, payload, key) {
    const accountId = key === null ? null : accountOf(key);
    if (payload.externalMessageId !== undefined || accountId === null) return undefined;
    const blocked = await findBlocked(ctx, { channel: "toy", accountId, chatId: chatOf(payload) });
    return blocked ? "toy: the chat is closed" : undefined;
  },
};
