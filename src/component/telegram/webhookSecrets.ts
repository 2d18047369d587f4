/**
 * The secrets that webhook calls may carry: only their SHA-256 is kept. Writes `telegramWebhookSecrets` and
 * `telegramBots`. Invariant: at every moment of a change, what Telegram may be sending is accepted.
 */
import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, type QueryCtx } from "../_generated/server.js";

/** Secrets of one bot that may be valid at once; more only pile up when set-up fails again and again. */
const MAX_SECRETS_PER_BOT = 5;
/** Deliveries that were on their way when Telegram took the new secret still carry the old one. */
const OVERLAP_MS = 10 * 60_000;

const vSecret = { botId: v.string(), secretHash: v.string() };

/** 256 random bits in the alphabet that Telegram allows. For actions only: they draw their own randomness. */
export function newWebhookSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

export async function hashWebhookSecret(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The bot whose secret this is, or null. Looked up by its hash: what an attacker can vary is unrelated to what the
 * index compares, so timing says nothing about a real secret. Reads 2 documents.
 */
export async function botOfWebhookSecret(ctx: QueryCtx, secret: string): Promise<Doc<"telegramBots"> | null> {
  const secretHash = await hashWebhookSecret(secret);
  const row = await ctx.db
    .query("telegramWebhookSecrets")
    .withIndex("by_secretHash", (q) => q.eq("secretHash", secretHash))
    .unique();
  return row === null ? null : await findBot(ctx, row.botId);
}

/** Accepts the new secret beside those in use, before Telegram hears of it. */
export const introduce = internalMutation({
  args: { ...vSecret, secretRef: v.string(), agentKey: v.union(v.string(), v.null()) },
  returns: v.null(),
  handler: async (ctx, { botId, secretHash, secretRef, agentKey }) => {
    const bot = await findBot(ctx, botId);
    if (bot) await ctx.db.patch(bot._id, { secretRef, agentKey });
    else await ctx.db.insert("telegramBots", { botId, secretRef, agentKey });
    const known = await secretsOf(ctx, botId);
    // Newest first. The oldest ones are the last that Telegram can still be using: every newer one was offered to it.
    for (const surplus of known.slice(MAX_SECRETS_PER_BOT - 1)) await ctx.db.delete(surplus._id);
    await ctx.db.insert("telegramWebhookSecrets", { botId, secretHash });
    return null;
  },
});

/** Telegram refused the call that carried this secret, so it is nobody's. */
export const withdraw = internalMutation({
  args: vSecret,
  returns: v.null(),
  handler: async (ctx, { botId, secretHash }) => {
    for (const row of await secretsOf(ctx, botId)) {
      if (row.secretHash === secretHash) await ctx.db.delete(row._id);
    }
    return null;
  },
});

/** Telegram uses this secret now; the older ones end after the overlap. */
export const confirm = internalMutation({
  args: { ...vSecret, webhookUrl: v.string() },
  returns: v.null(),
  handler: async (ctx, { botId, secretHash, webhookUrl }) => {
    const bot = await findBot(ctx, botId);
    if (!bot) return null;
    await ctx.db.patch(bot._id, {
      webhookUrl,
      verifiedAt: bot.webhookUrl === webhookUrl ? bot.verifiedAt : undefined,
    });
    await ctx.scheduler.runAfter(OVERLAP_MS, internal.telegram.webhookSecrets.retireOlder, {
      botId,
      secretHash,
    });
    return null;
  },
});

export const retireOlder = internalMutation({
  args: vSecret,
  returns: v.null(),
  handler: async (ctx, { botId, secretHash }) => {
    const rows = await secretsOf(ctx, botId);
    const current = rows.findIndex((row) => row.secretHash === secretHash);
    if (current === -1) return null;
    for (const older of rows.slice(current + 1)) await ctx.db.delete(older._id);
    return null;
  },
});

/** Telegram reports the webhook that was set. */
export const verified = internalMutation({
  args: { botId: v.string(), webhookUrl: v.string() },
  returns: v.null(),
  handler: async (ctx, { botId, webhookUrl }) => {
    const bot = await findBot(ctx, botId);
    if (bot?.webhookUrl === webhookUrl) await ctx.db.patch(bot._id, { verifiedAt: Date.now() });
    return null;
  },
});

function findBot(ctx: QueryCtx, botId: string): Promise<Doc<"telegramBots"> | null> {
  return ctx.db
    .query("telegramBots")
    .withIndex("by_botId", (q) => q.eq("botId", botId))
    .unique();
}

/** Newest first. */
function secretsOf(ctx: QueryCtx, botId: string): Promise<Doc<"telegramWebhookSecrets">[]> {
  return ctx.db
    .query("telegramWebhookSecrets")
    .withIndex("by_botId", (q) => q.eq("botId", botId))
    .order("desc")
    .take(MAX_SECRETS_PER_BOT + 1);
}
