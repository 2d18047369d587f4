import { setTimeout as sleep } from "node:timers/promises";
import type { TelegramServer } from "./types.js";

const LOOK_EVERY_MS = 20;
const COMMAND = /\/connect_[0-9a-f]{16}\b/;

/**
 * Opens pairing links, one per chat, as people do: each presses Start, reads the question and taps the command in it. Resolves when each
 * chat was told that it is connected. @throws when that takes longer than `withinMs`, or the signal's reason.
 */
export async function openPairingLinks(
  telegram: TelegramServer,
  links: readonly { chatId: number; code: string }[],
  { withinMs, signal }: { withinMs: number; signal?: AbortSignal },
): Promise<void> {
  const seen = telegram.outbox().length;
  const told = (chatId: number) =>
    telegram
      .outbox()
      .slice(seen)
      .filter((message) => message.chatId === chatId);
  for (const { chatId, code } of links) telegram.userSends({ chatId, text: `/start ${code}` });
  const until = Date.now() + withinMs;
  const hasHeard = async (chatId: number, words: RegExp): Promise<string> => {
    for (;;) {
      // A question that Telegram's repeated update asked again replaces the one before.
      const heard = told(chatId).findLast(({ text }) => words.test(text));
      if (heard) return heard.text;
      if (Date.now() > until) throw new Error(`chat ${chatId} could not be paired`);
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  };
  for (const { chatId } of links) {
    const command = COMMAND.exec(await hasHeard(chatId, COMMAND))?.[0] ?? "";
    telegram.userSends({ chatId, text: command });
  }
  for (const { chatId } of links) await hasHeard(chatId, /is now connected/);
}
