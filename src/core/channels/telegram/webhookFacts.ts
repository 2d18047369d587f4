/**
 * What Telegram said about a bot and its webhook. Writes `channelAccounts`, `channelCredentials`; deletes the webhook secrets of a
 * bot whose token was replaced by another bot's, so that its calls are refused.
 */
import { asMutation } from "../../functions.js";
import { v } from "convex/values";
import type { MutationCtx } from "../../../component/_generated/server.js";
import { recordAct } from "../../audit/record.js";
import { credentialsOf, secretsOf } from "../accountRows.js";
import { findAccount, findCredential, type AccountKey } from "../accounts.js";
import { TELEGRAM } from "./channel.js";
import { retireOlderLater } from "./webhookSecrets.js";

const vWebhookInfo = v.object({
  url: v.string(),
  pendingUpdateCount: v.number(),
  lastErrorMessage: v.optional(v.string()),
  lastErrorDate: v.optional(v.number()),
});

/** Telegram took the token and the webhook: this ref is this bot's. */
export const accepted = asMutation({
  args: {
    accountId: v.string(),
    secretHash: v.string(),
    secretRef: v.string(),
    version: v.number(),
    agentKey: v.union(v.string(), v.null()),
    webhookUrl: v.string(),
  },
  returns: v.null(),
})(async (ctx, { accountId, secretHash, secretRef, version, agentKey, webhookUrl }) => {
  const key = { channel: TELEGRAM, accountId };
  const bot = await findAccount(ctx, key);
  if (!bot) return null;
  await ctx.db.patch(bot._id, {
    agentKey,
    webhookUrl,
    verifiedAt: bot.webhookUrl === webhookUrl ? bot.verifiedAt : undefined,
  });
  const token = await findCredential(ctx, secretRef);
  if (token) await ctx.db.patch(token._id, { accountId, verifiedVersion: version });
  else await ctx.db.insert("channelCredentials", { secretRef, ...key, verifiedVersion: version });
  if (token?.accountId !== undefined && token.accountId !== accountId)
    await retireBot(ctx, { channel: TELEGRAM, accountId: token.accountId });
  await retireOlderLater(ctx, { accountId, secretHash });
  await recordAct(ctx, {
    kind: "telegram.webhookConfigured",
    actor: "host",
    subject: secretRef,
    detail: { botId: accountId, webhookUrl },
  });
  return null;
});

/** What getWebhookInfo (and getMe, when it was asked) said. `isReady`: it delivers to the URL that was set. */
export const observed = asMutation({
  args: {
    accountId: v.string(),
    isReady: v.boolean(),
    /** Null: Telegram refused to say, so nothing else is known. */
    info: v.union(vWebhookInfo, v.null()),
    username: v.optional(v.string()),
  },
  returns: v.null(),
})(async (ctx, { accountId, isReady, info, username }) => {
  const bot = await findAccount(ctx, { channel: TELEGRAM, accountId });
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
async function retireBot(ctx: MutationCtx, account: AccountKey): Promise<void> {
  if ((await credentialsOf(ctx, account, 1)).length > 0) return;
  for (const secret of await secretsOf(ctx, account)) await ctx.db.delete(secret._id);
  const bot = await findAccount(ctx, account);
  if (bot) await ctx.db.delete(bot._id);
}
