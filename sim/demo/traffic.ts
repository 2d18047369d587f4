import { randomInt } from "node:crypto";

/** One message of a user. Its text names conversation and place, so that an answer can be told apart by its text. */
export interface Planned {
  conversation: number;
  /** 1 is the conversation's first. */
  sequence: number;
  chatId: number;
  text: string;
}

/** Chat ids of the demo's users start here; any positive number is a private chat. Those of an earlier run are not met again. */
const FIRST_CHAT_ID = randomInt(1_000_000, 1_000_000_000);
const QUESTION = "what is your note?";

/** The chat of the user with this number; the first is 1. */
export const chatOf = (conversation: number): number => FIRST_CHAT_ID + conversation;

/**
 * `messages` over `conversations`, one after the other, so that every chat has several under way. With `questions` the last
 * few, that many at most, are kept for a second round: they ask the agents for their notes.
 */
export function planTraffic(
  messages: number,
  conversations: number,
  questions = 0,
): { first: Planned[]; second: Planned[] } {
  const later = Math.min(questions, conversations, Math.floor(messages / 2));
  const first = Array.from({ length: messages - later }, (_unused, index) =>
    planned((index % conversations) + 1, Math.floor(index / conversations) + 1),
  );
  const second = Array.from({ length: later }, (_unused, index) => {
    const conversation = index + 1;
    const before = first.filter((message) => message.conversation === conversation).length;
    return planned(conversation, before + 1, QUESTION);
  });
  return { first, second };
}

const planned = (conversation: number, sequence: number, question?: string): Planned => ({
  conversation,
  sequence,
  chatId: chatOf(conversation),
  text: `conversation ${conversation}, message ${sequence}${question === undefined ? "" : `: ${question}`}`,
});

/** Which message an answer is about; null when it names none. An answer may quote older ones: the last name counts. */
export function messageNamedIn(text: string): { conversation: number; sequence: number } | null {
  const match = [...text.matchAll(/conversation (\d+), message (\d+)/g)].at(-1);
  return match ? { conversation: Number(match[1]), sequence: Number(match[2]) } : null;
}
