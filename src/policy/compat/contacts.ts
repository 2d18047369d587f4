/** The names under which 1.0.11 knows contacts and accounts, in arguments and results of public functions; see `names.ts`. */
import { NAMED_CHANNEL } from "./names.js";

/** Somebody at a channel, as far as it is known. */
export interface Contact {
  channel: string;
  userId?: string | undefined;
  chatId?: string | undefined;
}
/** With the account through which they are reached. */
interface ReachedContact extends Contact {
  accountId?: string | undefined;
  accountName?: string | undefined;
}

export const contactOf = (named: {
  telegramUserId?: string | undefined;
  telegramChatId?: string | undefined;
}): Contact => ({
  channel: NAMED_CHANNEL,
  userId: named.telegramUserId,
  chatId: named.telegramChatId,
});

/** Of a binding or a pairing. */
export function contactFields(of: ReachedContact) {
  const { userId, chatId, accountId, accountName }: Partial<ReachedContact> =
    of.channel === NAMED_CHANNEL ? of : {};
  return {
    telegramUserId: userId ?? null,
    telegramChatId: chatId ?? null,
    ...(accountId !== undefined && { telegramBotId: accountId }),
    ...(accountName !== undefined && { telegramBotUsername: accountName }),
  };
}

/** How a binding came about. */
export type BindingSource = "manual" | "pairing" | "api";
type NamedSource = "manual" | "telegram_pairing" | "api";
export const sourceOf = (named: NamedSource): BindingSource =>
  named === "telegram_pairing" ? "pairing" : named;
export const sourceField = (source: BindingSource): NamedSource =>
  source === "pairing" ? "telegram_pairing" : source;

/** The username of the agent's account. */
export const accountNameField = (username: string | null) => ({ telegramUsername: username });

/** Of an agent's readiness. */
export const hasCredentialField = (has: boolean) => ({ hasTelegramToken: has });
export const MISSING_CREDENTIAL = "missing_telegram_token";

/** Of an event that could not become a message. */
export const parkedFields = (row: { accountId: string; eventId: string }) => ({
  botId: row.accountId,
  updateId: Number(row.eventId),
});
