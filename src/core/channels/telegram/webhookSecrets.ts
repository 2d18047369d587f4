/**
 * The secrets that webhook calls may carry: only their SHA-256 is kept. Writes `webhookSecrets`. Invariant: at
 * every moment of a change, what Telegram may be sending is accepted.
 */
import { asMutation } from "../../functions.js";
import { v } from "convex/values";
import { internal } from "../../../component/_generated/api.js";
import type { MutationCtx } from "../../../component/_generated/server.js";
import { findAccount } from "../accounts.js";
import { MAX_SECRETS_PER_ACCOUNT, secretsOf } from "../accountRows.js";
import { TELEGRAM } from "./channel.js";

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
export const retireOlderLater = (
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
