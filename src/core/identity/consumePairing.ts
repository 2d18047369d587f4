/**
 * A code becomes a binding, once. Writes `pairingCodes`, `identityBindings`, `pairingAttempts`. The webhook gets failures
 * as results, because a throw would undo the writes that count them and that expire an overdue code.
 */
import { v } from "convex/values";
import { errorDataOf, factoryError, type ErrorCode } from "../../contract/errors.js";
import * as contract from "../../contract/identity.js";
import { afterFailure, isBlocked } from "../../policy/identity/attempts.js";
import { sha256Hex } from "../../policy/identity/sha256.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { findBot, isServedBy } from "../telegram/agentBot.js";
import { bind } from "./bindUserAgent.js";
import { expire } from "./expirePairing.js";
import { pairingView } from "./views.js";

/** Telegram's own limit for a start parameter is 64; 1.0.11 let 128 through. */
const MAX_CODE_CHARS = 128;

export interface PairingAttempt {
  code: string;
  telegramUserId: string;
  telegramChatId: string;
}
export type PairingResult =
  { ok: true; pairing: Doc<"pairingCodes"> } | { ok: false; code: ErrorCode; message: string };

const notFound = { ok: false, code: "pairing_code_not_found", message: "Pairing code not found" } as const;
const ended = {
  ok: false,
  code: "pairing_code_ended",
  message: "Pairing code already used or expired",
} as const;
const overdue = { ok: false, code: "pairing_code_expired", message: "Pairing code expired" } as const;
const tooMany = {
  ok: false,
  code: "pairing_failed",
  message: "Too many wrong pairing codes, try again later",
} as const;

/** The host vouches for the Telegram ids. A failure throws, so an overdue code is expired by its timer instead. */
export const consumePairingCode = asMutation(contract.consumePairingCode)(async (ctx, args) => {
  const result = await consume(ctx, args, null);
  if (!result.ok) throw factoryError(result.code, result.message);
  return pairingView(result.pairing, args.code);
});

/**
 * The same for `/start <code>` at a bot: only codes of that bot, and ten wrong ones per account and quarter of an hour.
 * Never throws for a reason that the sender can cause.
 */
export const consumeAtBot = asMutation({
  args: { code: v.string(), telegramUserId: v.string(), telegramChatId: v.string(), botId: v.string() },
  returns: v.union(
    v.object({ ok: v.literal(true), consumerUserId: v.string(), agentKey: v.string() }),
    v.object({ ok: v.literal(false), message: v.string() }),
  ),
})(async (ctx, { botId, ...attempt }) => {
  const sender = `telegram:${botId}:${attempt.telegramUserId}`;
  const attempts = await ctx.db
    .query("pairingAttempts")
    .withIndex("by_sender", (q) => q.eq("sender", sender))
    .first();
  const now = Date.now();
  if (isBlocked(attempts, now)) return refusal(tooMany);
  const result = await consume(ctx, attempt, botId).catch((error: unknown): PairingResult => {
    const known = errorDataOf(error);
    if (known === null) throw error;
    return { ok: false, code: known.code, message: known.message };
  });
  if (result.ok) {
    const { consumerUserId, agentKey } = result.pairing;
    return { ok: true, consumerUserId, agentKey };
  }
  const counted = afterFailure(attempts, now);
  if (attempts) await ctx.db.patch(attempts._id, counted);
  else await ctx.db.insert("pairingAttempts", { sender, ...counted });
  if (isBlocked(counted, now)) {
    await recordAct(ctx, { kind: "pairing.blocked", actor: "telegram", subject: sender });
  }
  return refusal(result);
});

const refusal = ({ message }: { message: string }) => ({ ok: false as const, message });

async function consume(
  ctx: MutationCtx,
  { code, telegramUserId, telegramChatId }: PairingAttempt,
  botId: string | null,
): Promise<PairingResult> {
  const row = await findByCode(ctx, code);
  if (!row || (botId !== null && !(await mayConsume(ctx, row, botId)))) return notFound;
  if (row.status !== "pending") {
    // Telegram repeats an update whose answer it did not hear.
    const repeated = botId !== null && row.status === "used" && row.telegramUserId === telegramUserId;
    return repeated ? { ok: true, pairing: row } : ended;
  }
  if (row.expiresAt <= Date.now()) {
    await expire(ctx, row._id);
    return overdue;
  }
  const known = botId === null ? row.telegramBotId : botId;
  const bot = known === undefined ? null : await findBot(ctx, known);
  const used = {
    status: "used" as const,
    sealed: undefined,
    usedAt: Date.now(),
    telegramUserId,
    telegramChatId,
    telegramBotId: known,
    telegramBotUsername: bot?.username ?? row.telegramBotUsername,
  };
  await bind(ctx, {
    consumerUserId: row.consumerUserId,
    agentKey: row.agentKey,
    source: "telegram_pairing",
    telegramUserId,
    telegramChatId,
    bot: known === undefined ? undefined : { botId: known, username: used.telegramBotUsername },
  });
  await ctx.db.patch(row._id, used);
  return { ok: true, pairing: { ...row, ...used } };
}

/** Looked up by its hash: what a guesser can vary is unrelated to what the index compares. */
export async function findByCode(ctx: QueryCtx, code: string): Promise<Doc<"pairingCodes"> | null> {
  if (code.length > MAX_CODE_CHARS) return null;
  const codeHash = await sha256Hex(code);
  return await ctx.db
    .query("pairingCodes")
    .withIndex("by_codeHash", (q) => q.eq("codeHash", codeHash))
    .unique();
}

async function mayConsume(ctx: QueryCtx, row: Doc<"pairingCodes">, botId: string): Promise<boolean> {
  if (row.telegramBotId !== undefined) return row.telegramBotId === botId;
  const agent = await findAgent(ctx, row.agentKey);
  return agent !== null && (await isServedBy(ctx, agent, botId));
}
