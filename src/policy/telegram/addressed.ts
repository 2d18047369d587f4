/** Whether a message in a group is meant for the bot. */
import type { TelegramMessage } from "./updateSchema.js";

export interface BotName {
  botId: string;
  /** Null while Telegram has not said it. */
  username: string | null;
}

const COMMAND = /^\/\w{1,32}(?:@(\w+))?/;

/** A command that names another bot: never ours, whatever the setting. */
export function isForAnotherBot(message: TelegramMessage, bot: BotName): boolean {
  const named = commandOf(message)?.at;
  return named !== undefined && !isName(named, bot);
}

/** It mentions the bot, replies to it, or is a command for it (or for any bot). */
export function isAddressed(message: TelegramMessage, bot: BotName): boolean {
  if (isForAnotherBot(message, bot)) return false;
  if (commandOf(message) !== null) return true;
  if (String(message.reply_to_message?.from?.id ?? "") === bot.botId) return true;
  const text = message.text ?? message.caption ?? "";
  const entities = (message.text === undefined ? message.caption_entities : message.entities) ?? [];
  return entities.some(({ type, offset, length, user }) => {
    if (type === "text_mention") return String(user?.id ?? "") === bot.botId;
    // Telegram counts in UTF-16 units, as strings do here.
    return type === "mention" && isName(text.slice(offset + 1, offset + length), bot);
  });
}

function commandOf(message: TelegramMessage): { at: string | undefined } | null {
  const found = COMMAND.exec((message.text ?? message.caption ?? "").trimStart());
  return found && { at: found[1] };
}

const isName = (name: string, { username }: BotName): boolean =>
  username !== null && name.toLowerCase() === username.toLowerCase();

/** `/ask@this_bot now` says the same as `/ask now`. */
export const withoutBotName = (text: string): string => text.replace(/^(\/\w{1,32})@\w+/, "$1");
