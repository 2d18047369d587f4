/**
 * How conversations are named. Ids are opaque to everyone else; these defaults are what operators know from dashboards:
 * `<channel>:<chat id>` for a chat's first account, with `:<account id>` for further ones, `:<thread id>` for a thread,
 * `user:<id>` without a chat, and `:g<n>` when the id was somebody else's before.
 */

/** A chat as one account of a channel sees it. */
export interface ChatPlace {
  channel: string;
  accountId: string;
  chatId: string;
  threadId?: string | undefined;
}

export const chatBase = ({ channel, chatId, threadId }: ChatPlace, accountId?: string): string =>
  [channel, chatId, accountId, threadId].filter((part) => part !== undefined).join(":");

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

/** Whose a conversation is: a chat with one account. */
export const placeOfChat = ({ channel, accountId, chatId, threadId }: ChatPlace): string =>
  `${channel}:${accountId}@${chatId}${threadId === undefined ? "" : `:${threadId}`}`;
