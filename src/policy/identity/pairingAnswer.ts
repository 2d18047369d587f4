/** The command that answers the question before a pairing. Apart from the question's words: every message is looked at for it. */
const COMMAND = /^\/connect_([0-9a-f]{16})$/;

/** The nonce of the command that answers a question; null for every other text. */
export const nonceOfAnswer = (text: string): string | null => COMMAND.exec(text)?.[1] ?? null;

export const answerOf = (nonce: string): string => `/connect_${nonce}`;
