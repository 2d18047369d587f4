/** Which bot an agent has, from the tokens that its profile names. Reads `secrets`, `telegramTokens`, `telegramBots`. */
import { isTelegramBotTokenRef } from "../../../policy/secrets/secretShape.js";
import type { Doc } from "../../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../../component/_generated/server.js";

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
