/**
 * Whose message it is, and in which conversation it belongs. Two bots never mix: a binding counts only at its own bot.
 * Completes a binding with the Telegram facts that were not known when it was made.
 */
import type { TelegramOrigin } from "../../policy/telegram/parseUpdate.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { bindingOfTelegram, type Binding } from "../identity/bindings.js";
import { conversationOfChat, conversationOfUser } from "../identity/conversation.js";
import { findBot, isServedBy } from "../channels/telegram/agentBot.js";

export interface RouteOptions {
  /** The agent that the host named; undefined or blank: none. */
  namedAgentKey: string | undefined;
  resolveFromBinding: boolean;
  requireBinding: boolean;
  fallbackAgentKey: string;
}
export interface Route {
  agentKey: string;
  /** The sender's binding to this very agent at this bot. */
  binding: Binding | null;
}

/** The agent of a message, or null when nobody names one. */
export async function routeOf(
  ctx: MutationCtx,
  origin: TelegramOrigin,
  botId: string,
  options: RouteOptions,
): Promise<Route | null> {
  const binding = await bindingAtBot(ctx, origin, botId);
  const agentKey = options.namedAgentKey?.trim()
    ? options.namedAgentKey.trim()
    : options.resolveFromBinding && binding
      ? binding.agentKey
      : options.requireBinding
        ? null
        : ((await agentOfBot(ctx, botId)) ?? options.fallbackAgentKey.trim());
  if (agentKey === null || agentKey === "") return null;
  return { agentKey, binding: binding?.agentKey === agentKey ? binding : null };
}

/** The agent that the bot's ref names, `telegram.botToken.<agentKey>`, unless there is none of that key. */
async function agentOfBot(ctx: MutationCtx, botId: string): Promise<string | null> {
  const agentKey = (await findBot(ctx, botId))?.agentKey ?? null;
  return agentKey !== null && (await findAgent(ctx, agentKey)) ? agentKey : null;
}

async function bindingAtBot(
  ctx: MutationCtx,
  { senderId, chatId }: TelegramOrigin,
  botId: string,
): Promise<Binding | null> {
  const who = { telegramUserId: senderId, telegramChatId: chatId, botId };
  const binding = await bindingOfTelegram(ctx, who);
  if (binding?.telegramBotId !== undefined || binding === null) return binding;
  const agent = await findAgent(ctx, binding.agentKey);
  return agent && (await isServedBy(ctx, agent, botId)) ? binding : null;
}

/** The conversation of a message, claimed for its chat or its user. Throws `conversation_id_exhausted`. */
export async function conversationOf(
  ctx: MutationCtx,
  origin: TelegramOrigin,
  botId: string,
  { agentKey, binding }: Route,
): Promise<string> {
  const { chatId, threadId, isPrivate } = origin;
  const chat = { chatId, threadId, botId };
  if (binding) await complete(ctx, binding, origin, botId);
  // A group is one conversation of all who speak in it.
  if (!binding || !isPrivate) return await conversationOfChat(ctx, chat, agentKey);
  return await conversationOfUser(
    ctx,
    { consumerUserId: binding.consumerUserId, agentKey },
    {
      ...chat,
      isVouchedFor: binding.source !== "telegram_pairing",
    },
  );
}

/** What was not known when the binding was made. A group is nobody's own chat, so it is not noted. */
async function complete(
  ctx: MutationCtx,
  binding: Binding,
  { chatId, isPrivate }: TelegramOrigin,
  botId: string,
): Promise<void> {
  const lacksChat = isPrivate && binding.telegramChatId === undefined;
  if (binding.telegramBotId !== undefined && !lacksChat) return;
  const bot = await findBot(ctx, botId);
  await ctx.db.patch(binding._id, {
    telegramBotId: botId,
    telegramBotUsername: bot?.username,
    ...(lacksChat && { telegramChatId: chatId }),
  });
}
