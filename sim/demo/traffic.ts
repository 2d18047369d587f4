/** One message of a user. Its text names conversation and place, so that an answer can be told apart by its text. */
export interface Planned {
  conversation: number;
  /** 1 is the conversation's first. */
  sequence: number;
  chatId: number;
  text: string;
}

/** Chat ids of the demo's users start here; any positive number is a private chat. */
const FIRST_CHAT_ID = 7_000;

/** `messages` over `conversations`, one round after the other, so that every chat has several under way. */
export function planTraffic(messages: number, conversations: number): Planned[] {
  return Array.from({ length: messages }, (_unused, index) => {
    const conversation = (index % conversations) + 1;
    const sequence = Math.floor(index / conversations) + 1;
    return {
      conversation,
      sequence,
      chatId: FIRST_CHAT_ID + conversation,
      text: `conversation ${conversation}, message ${sequence}`,
    };
  });
}

/** Which message an answer is about; null when it names none. An answer may quote older ones: the last name counts. */
export function messageNamedIn(text: string): { conversation: number; sequence: number } | null {
  const match = [...text.matchAll(/conversation (\d+), message (\d+)/g)].at(-1);
  return match ? { conversation: Number(match[1]), sequence: Number(match[2]) } : null;
}
