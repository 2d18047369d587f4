/**
 * The secrets that webhook calls may carry: only their SHA-256 is kept. Writes `webhookSecrets`. Invariant: at
 * every moment of a change, what Telegram may be sending is accepted.
 */
import { asMutation } from "../../functions.js";
import { v } from "convex/values";
import { internal } from "../../../component/_generated/api.js";
import type { MutationCtx } from "../../../component/_generated/server.js";
import { findAccount, findCredential, type AccountKey } from "../accounts.js";
import { MAX_SECRETS_PER_ACCOUNT, secretsOf, credentialsOf } from "../credentials.js";
import { TELEGRAM } from "./channel.js";
import { recordAct } from "../../audit/record.js";

/** Deliveries that were on their way when Telegram took the new secret still carry the old one. */
const OVERLAP_MS = 10 * 60_000;

const vSecret = { accountId: v.string(), secretHash: v.string() };

/** 256 random bits in the alphabet that Telegram allows. For actions only: they draw their own randomness. */
export function newWebhookSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Accepts the new secret beside those in use, before Telegram hears of it. */
export const introduce = asMutation({
  args: { ...vSecret, agentKey: v.union(v.string(), v.null()) },
  returns: v.null(),
})(async (ctx, { accountId, secretHash, agentKey }) => {
  const account = { channel: TELEGRAM, accountId };
  // A bot that is known keeps its agent until Telegram has accepted the token: a made-up one changes nothing.
  if (!(await findAccount(ctx, account))) await ctx.db.insert("channelAccounts", { ...account, agentKey });
  const known = await secretsOf(ctx, account);
  // Newest first. The oldest ones are the last that Telegram can still be using: every newer one was offered to it.
  for (const surplus of known.slice(MAX_SECRETS_PER_ACCOUNT - 1)) await ctx.db.delete(surplus._id);
  await ctx.db.insert("webhookSecrets", { ...account, secretHash });
  return null;
});

/** Telegram refused the call that carried this secret, so it is nobody's; nor is a bot that it never accepted. */
export const withdraw = asMutation({ args: vSecret, returns: v.null() })(async (
  ctx,
  { accountId, secretHash },
) => {
  const account = { channel: TELEGRAM, accountId };
  const rows = await secretsOf(ctx, account);
  for (const row of rows) if (row.secretHash === secretHash) await ctx.db.delete(row._id);
  const bot = await findAccount(ctx, account);
  if (bot && bot.webhookUrl === undefined && rows.every((row) => row.secretHash === secretHash)) {
    await ctx.db.delete(bot._id);
  }
  return null;
});

/** Telegram uses this secret now; the older ones end after the overlap. */
const retireOlderLater = (
  ctx: MutationCtx,
  secret: { accountId: string; secretHash: string },
): Promise<unknown> =>
  ctx.scheduler.runAfter(OVERLAP_MS, internal.telegram.retireOlderWebhookSecrets, secret);

export const retireOlder = asMutation({ args: vSecret, returns: v.null() })(async (
  ctx,
  { accountId, secretHash },
) => {
  const account = { channel: TELEGRAM, accountId };
  const rows = await secretsOf(ctx, account);
  const current = rows.findIndex((row) => row.secretHash === secretHash);
  if (current === -1) return null;
  for (const older of rows.slice(current + 1)) await ctx.db.delete(older._id);
  return null;
});

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
