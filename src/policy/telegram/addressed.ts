/** Whether a message in a group is meant for the bot. */
import type { AccountName, Addressee } from "../channels/events.js";
import type { TelegramMessage } from "./updateSchema.js";

const COMMAND = /^\/\w{1,32}(?:@(\w+))?/;

/**
 * `account`: it mentions the bot, replies to it, or is a command for it (or for any bot). `another`: a command that names
 * another bot, which is never ours, whatever the setting.
 */
export function addresseeOf(message: TelegramMessage, bot: AccountName): Addressee {
  const command = commandOf(message);
  if (command?.at !== undefined && !isName(command.at, bot)) return "another";
  if (command !== null) return "account";
  if (String(message.reply_to_message?.from?.id ?? "") === bot.accountId) return "account";
  const text = message.text ?? message.caption ?? "";
  const entities = (message.text === undefined ? message.caption_entities : message.entities) ?? [];
  const isMentioned = entities.some(({ type, offset, length, user }) => {
    if (type === "text_mention") return String(user?.id ?? "") === bot.accountId;
    // Telegram counts in UTF-16 units, as strings do here.
    return type === "mention" && isName(text.slice(offset + 1, offset + length), bot);
  });
  return isMentioned ? "account" : "nobody";
}

function commandOf(message: TelegramMessage): { at: string | undefined } | null {
  const found = COMMAND.exec((message.text ?? message.caption ?? "").trimStart());
  return found && { at: found[1] };
}

const isName = (name: string, { username }: AccountName): boolean =>
  username !== null && name.toLowerCase() === username.toLowerCase();

/** `/ask@this_bot now` says the same as `/ask now`. */
export const withoutBotName = (text: string): string => text.replace(/^(\/\w{1,32})@\w+/, "$1");
