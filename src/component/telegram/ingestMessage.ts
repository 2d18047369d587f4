/**
 * Stores one Telegram message, once, in one transaction: the webhook acknowledges only after it. What the queue refuses
 * for a known reason is parked, because Telegram would repeat it for a day and hold back the chat's later messages.
 * Writes what enqueue writes, or `parkedUpdates`.
 */
import { errorDataOf, type ErrorData } from "../../contract/errors.js";
import * as contract from "../../contract/telegram.js";
import { telegramConversationIds } from "../../policy/telegram/conversationIds.js";
import type { MutationCtx } from "../_generated/server.js";
import { asMutation } from "../functions.js";
import { enqueueMessage, findConversation } from "../queue/enqueue.js";
import { botOfWebhookSecret } from "./webhookSecrets.js";

/** How long a parked update is kept for inspection. */
const PARKED_RETENTION_MS = 30 * 86_400_000;
/** Expired rows deleted with each insert: more than one, so that the table shrinks again. */
const SWEEP_BATCH = 4;
/** Characters kept of a parked update: a document holds 1 MiB, and a real update has a few thousand. */
const MAX_PARKED_CHARS = 64 * 1024;

type Ingest = { botId: string; updateId: number; agentKey: string; chatId: string; rawUpdateJson: string };

export const ingestTelegramMessage = asMutation(contract.ingestTelegramMessage)(async (ctx, args) => {
  const bot = await botOfWebhookSecret(ctx, args.webhookSecret);
  if (bot === null) return { kind: "refused" as const };
  const ingest: Ingest = { ...args, botId: bot.botId };
  const parked = await parkedCode(ctx, ingest);
  if (parked !== null) return { kind: "parked" as const, code: parked };
  try {
    const messageId = await enqueueMessage(ctx, {
      conversationId: await conversationIdFor(ctx, ingest),
      agentKey: args.agentKey,
      idempotencyKey: `telegram:${bot.botId}:${args.updateId}`,
      payload: {
        provider: "telegram",
        providerUserId: args.senderId,
        messageText: args.messageText,
        externalMessageId: args.externalMessageId,
        rawUpdateJson: args.rawUpdateJson,
        metadata: args.metadata,
      },
    });
    return { kind: "enqueued" as const, messageId };
  } catch (error) {
    const known = errorDataOf(error);
    if (known === null) throw error;
    await park(ctx, ingest, known);
    return { kind: "parked" as const, code: known.code };
  }
});

async function conversationIdFor(ctx: MutationCtx, { chatId, botId, agentKey }: Ingest): Promise<string> {
  const candidates = telegramConversationIds(chatId, botId, agentKey);
  for (const conversationId of candidates) {
    const conversation = await findConversation(ctx, conversationId);
    if (conversation === null || conversation.agentKey === agentKey) return conversationId;
  }
  return candidates[0];
}

async function parkedCode(ctx: MutationCtx, { botId, updateId }: Ingest): Promise<string | null> {
  const row = await ctx.db
    .query("parkedUpdates")
    .withIndex("by_bot_and_update", (q) => q.eq("botId", botId).eq("updateId", updateId))
    .first();
  return row?.code ?? null;
}

async function park(ctx: MutationCtx, ingest: Ingest, error: ErrorData): Promise<void> {
  const now = Date.now();
  const expired = await ctx.db
    .query("parkedUpdates")
    .withIndex("by_parkedAt", (q) => q.lt("parkedAt", now - PARKED_RETENTION_MS))
    .take(SWEEP_BATCH);
  for (const row of expired) await ctx.db.delete(row._id);
  await ctx.db.insert("parkedUpdates", {
    botId: ingest.botId,
    updateId: ingest.updateId,
    parkedAt: now,
    agentKey: ingest.agentKey,
    code: error.code,
    message: error.message,
    rawUpdateJson: ingest.rawUpdateJson.slice(0, MAX_PARKED_CHARS),
  });
}
