/**
 * What Telegram said about a bot and its webhook. Writes `telegramBots`, `telegramTokens`; deletes the webhook secrets of a
 * bot whose token was replaced by another bot's, so that its calls are refused.
 */
import { asMutation } from "../../functions.js";
import { v } from "convex/values";
import type { MutationCtx } from "../../../component/_generated/server.js";
import { recordAct } from "../../audit/record.js";
import { findBot, findToken } from "./agentBot.js";
import { retireOlderLater, secretsOf } from "./webhookSecrets.js";

/** Refs that may hold one bot's token. */
const MAX_REFS_OF_BOT = 16;

const vWebhookInfo = v.object({
  url: v.string(),
  pendingUpdateCount: v.number(),
  lastErrorMessage: v.optional(v.string()),
  lastErrorDate: v.optional(v.number()),
});

/** Telegram took the token and the webhook: this ref is this bot's. */
export const accepted = asMutation({
  args: {
    botId: v.string(),
    secretHash: v.string(),
    secretRef: v.string(),
    version: v.number(),
    agentKey: v.union(v.string(), v.null()),
    webhookUrl: v.string(),
  },
  returns: v.null(),
})(async (ctx, { botId, secretHash, secretRef, version, agentKey, webhookUrl }) => {
  const bot = await findBot(ctx, botId);
  if (!bot) return null;
  await ctx.db.patch(bot._id, {
    agentKey,
    webhookUrl,
    verifiedAt: bot.webhookUrl === webhookUrl ? bot.verifiedAt : undefined,
  });
  const token = await findToken(ctx, secretRef);
  if (token) await ctx.db.patch(token._id, { botId, verifiedVersion: version });
  else await ctx.db.insert("telegramTokens", { secretRef, botId, verifiedVersion: version });
  if (token?.botId !== undefined && token.botId !== botId) await retireBot(ctx, token.botId);
  await retireOlderLater(ctx, { botId, secretHash });
  await recordAct(ctx, {
    kind: "telegram.webhookConfigured",
    actor: "host",
    subject: secretRef,
    detail: { botId, webhookUrl },
  });
  return null;
});

/** What getWebhookInfo (and getMe, when it was asked) said. `isReady`: it delivers to the URL that was set. */
export const observed = asMutation({
  args: {
    botId: v.string(),
    isReady: v.boolean(),
    /** Null: Telegram refused to say, so nothing else is known. */
    info: v.union(vWebhookInfo, v.null()),
    username: v.optional(v.string()),
  },
  returns: v.null(),
})(async (ctx, { botId, isReady, info, username }) => {
  const bot = await findBot(ctx, botId);
  if (!bot) return null;
  const now = Date.now();
  await ctx.db.patch(bot._id, {
    verifiedAt: isReady ? now : undefined,
    checkedAt: now,
    ...(username !== undefined && { username }),
    ...(info && {
      currentUrl: info.url,
      pendingUpdateCount: info.pendingUpdateCount,
      lastErrorMessage: info.lastErrorMessage,
      lastErrorDate: info.lastErrorDate,
    }),
  });
  return null;
});

/** The ref holds another bot's token now: unless a further ref has this one's, nobody answers through it any more. */
async function retireBot(ctx: MutationCtx, botId: string): Promise<void> {
  const refs = await ctx.db
    .query("telegramTokens")
    .withIndex("by_botId", (q) => q.eq("botId", botId))
    .take(MAX_REFS_OF_BOT);
  if (refs.length > 0) return;
  for (const secret of await secretsOf(ctx, botId)) await ctx.db.delete(secret._id);
  const bot = await findBot(ctx, botId);
  if (bot) await ctx.db.delete(bot._id);
}
