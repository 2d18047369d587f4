/**
 * The names under which 1.0.11 knows what belongs to a channel: it has one, whose name is in them. Arguments and results of
 * public functions keep them; everything behind knows `{channel, accountId, chatId, userId}`. Those of every message are
 * here, all others in `contacts.ts`.
 */

/** The channel of functions that name none. */
export const NAMED_CHANNEL = "telegram";

/** Of a file of a message. */
export const fileIdField = (fileId: string | undefined) => ({ telegramFileId: fileId });

/** What the published image sends answers with. */
export const imageCredentialField = (credential: string | null) => ({ telegramBotToken: credential });
