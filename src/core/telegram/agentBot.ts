/** Which bot an agent has, from the tokens that its profile names. Reads `secrets`, `telegramTokens`, `telegramBots`. */
import { isTelegramBotTokenRef } from "../../policy/secrets/secretShape.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { activeSecret } from "../secrets/vault.js";

/** As in the vault: each ref is a document read. */
const MAX_REFS = 16;

export type Bot = Doc<"telegramBots">;

export const telegramRefsOf = (agent: Pick<Doc<"agentProfiles">, "secretsRef">): string[] =>
  agent.secretsRef.filter(isTelegramBotTokenRef).slice(0, MAX_REFS);

export const findBot = (ctx: QueryCtx, botId: string): Promise<Bot | null> =>
  ctx.db
    .query("telegramBots")
    .withIndex("by_botId", (q) => q.eq("botId", botId))
    .unique();

export const findToken = (ctx: QueryCtx, secretRef: string): Promise<Doc<"telegramTokens"> | null> =>
  ctx.db
    .query("telegramTokens")
    .withIndex("by_secretRef", (q) => q.eq("secretRef", secretRef))
    .unique();

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

/**
 * Whether an agent's replies go out through this bot. An agent without any Telegram ref may be served by every bot: its
 * host sends the replies itself.
 */
export async function isServedBy(
  ctx: QueryCtx,
  agent: Pick<Doc<"agentProfiles">, "secretsRef">,
  botId: string,
): Promise<boolean> {
  const refs = telegramRefsOf(agent);
  if (refs.length === 0) return true;
  for (const ref of refs) if ((await findToken(ctx, ref))?.botId === botId) return true;
  return false;
}

/** Telegram confirmed that it delivers this bot's updates to the URL that was set. */
export const isWebhookReady = (bot: Bot | null): bot is Bot =>
  bot?.verifiedAt !== undefined && bot.webhookUrl !== undefined;
