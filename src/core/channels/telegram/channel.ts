/** Telegram's bots. */
import { telegramWebhookPath } from "../../../contract/paths.js";
import {
  agentKeyOfSecretRef,
  botIdOfToken,
  botTokenRefOf,
  isBotTokenRef,
} from "../../../policy/telegram/botToken.js";
import { describeMedia, mediaMetadata } from "../../../policy/telegram/media.js";
import { parseTelegram } from "../../../policy/telegram/parseUpdate.js";
import { internal } from "../../../component/_generated/api.js";
import { env } from "../../../component/_generated/server.js";
import { findBlocked } from "../blockedChats.js";
import type { Channel } from "../channel.js";

const chatOf: Channel["address"]["chatOf"] = ({ metadata, providerUserId }) =>
  metadata?.telegramChatId ?? providerUserId;

/** The Bot API's own server; another one is named by `TELEGRAM_API_BASE_URL`. */
export const BOT_API = "https://api.telegram.org";
/** As rows and payloads have it. */
export const TELEGRAM = "telegram";

export const telegram: Channel = {
  kind: TELEGRAM,
  parse: parseTelegram,
  address: {
    chatOf,
    metadata: ({ chatId, userId }) => ({
      ...(chatId !== undefined && { telegramChatId: chatId }),
      ...(userId !== undefined && { telegramUserId: userId }),
    }),
  },
  credential: {
    isRef: isBotTokenRef,
    refOf: botTokenRefOf,
    agentOf: agentKeyOfSecretRef,
    accountOf: botIdOfToken,
  },
  capabilities: {
    files: {
      describe: (files) => ({ text: describeMedia(files), metadata: mediaMetadata(files) }),
      fetch: () => internal.telegram.runFetch,
    },
    groups: {
      // Users and their private chats have positive ids, groups and channels negative ones.
      isGroup: (chatId) => chatId.startsWith("-"),
      wanted: ({ telegram }) => telegram.groupMessages,
    },
    edits: true,
    pairing: {
      link: (username, code) => `https://t.me/${username}?start=${code}`,
      tell: () => internal.telegram.tellChat,
    },
    webhook: {
      path: telegramWebhookPath,
      words: {
        name: "Telegram",
        account: "Bot",
        setUp: "Run configureTelegramWebhook for its token again, then getWebhookReadiness.",
      },
    },
  },
  workerNeeds() {
    const url = env.TELEGRAM_API_BASE_URL ?? BOT_API;
    const purpose = "answers to Telegram chats, and their files";
    if (url === BOT_API) return { url, purpose };
    const meaning = "this deployment's Bot API server";
    return { url, purpose, variable: { name: "TELEGRAM_API_BASE_URL", value: url, meaning } };
  },
  /** A message that its chat did not ask for reaches nobody while the bot is blocked there; who writes has unblocked it. */
  async whyUnreachable(ctx, payload, token) {
    const accountId = token === null ? null : botIdOfToken(token);
    if (payload.externalMessageId !== undefined || accountId === null) return undefined;
    const blocked = await findBlocked(ctx, { channel: TELEGRAM, accountId, chatId: chatOf(payload) });
    return blocked ? "telegram: the chat has blocked the bot" : undefined;
  },
};
