/** The token that an agent's replies are sent with, and whether its bot is heard. */
import type { Doc } from "../../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../../component/_generated/server.js";
import { activeSecret } from "../../secrets/vault.js";
import { findBot, findToken, telegramRefsOf, type Bot } from "./agentBot.js";

export interface AgentToken {
  secretRef: string;
  version: number;
  /** The bot of this very token, once Telegram took it; null before, and again after another token was imported. */
  bot: Bot | null;
}

/** The token that the agent's replies are sent with, or null when none is imported. */
export async function tokenOfAgent(
  ctx: QueryCtx,
  agent: Pick<Doc<"agentProfiles">, "secretsRef">,
): Promise<AgentToken | null> {
  for (const secretRef of telegramRefsOf(agent)) {
    const secret = await activeSecret(ctx, secretRef);
    if (!secret) continue;
    const token = await findToken(ctx, secretRef);
    const current = token?.verifiedVersion === secret.version && token.botId !== undefined;
    return {
      secretRef,
      version: secret.version,
      bot: current && token.botId !== undefined ? await findBot(ctx, token.botId) : null,
    };
  }
  return null;
}

/** Telegram confirmed that it delivers this bot's updates to the URL that was set. */
export const isWebhookReady = (bot: Bot | null): bot is Bot =>
  bot?.verifiedAt !== undefined && bot.webhookUrl !== undefined;
