/**
 * How conversations are named. Ids are opaque to everyone else; these defaults are what operators know from dashboards:
 * `telegram:<chat id>` for a chat's first bot, with `:<bot id>` for further ones, `:<thread id>` for a topic, `user:<id>`
 * without a chat, and `:g<n>` when the id was somebody else's before.
 */

export function telegramBase(chatId: string, threadId?: string, botId?: string): string {
  return ["telegram", chatId, botId, threadId].filter((part) => part !== undefined).join(":");
}

/** With `agentKey`: for a user whose plain id belongs to another agent. */
export function userBase(consumerUserId: string, agentKey?: string): string {
  const user = marked(consumerUserId);
  if (agentKey === undefined) return `user:${user}`;
  // User ids may hold any character; the length keeps two pairs from meeting in one id.
  return `user-agent:${agentKey.length}:${agentKey}:${user}`;
}

/**
 * `user:ann:g2` is the second conversation of `ann`: a user `ann:g2` must not have it as the first. So an id that ends like a
 * generation, or like the mark itself, carries the mark.
 */
const marked = (consumerUserId: string): string =>
  /(?::g\d+|%)$/.test(consumerUserId) ? `${consumerUserId}%` : consumerUserId;

export const withGeneration = (base: string, generation: number): string =>
  generation === 1 ? base : `${base}:g${generation}`;

/** Whose a conversation is: a user of the host. */
export const placeOfUser = (consumerUserId: string): string => `user:${consumerUserId}`;

/** Whose a conversation is: a chat with one bot. */
export const placeOfChat = (chat: { chatId: string; botId: string; threadId?: string | undefined }): string =>
  `bot:${chat.botId}@${chat.chatId}${chat.threadId === undefined ? "" : `:${chat.threadId}`}`;

/** Telegram: users and their private chats have positive ids, groups and channels negative ones. */
export const isPrivateChat = (chatId: string): boolean => !chatId.startsWith("-");
