/**
 * `/start <code>` at a bot asks, and the command in the question binds: whoever opens a link may have been sent it by somebody
 * else. Both give failures as results, because a throw would undo the writes that count them and that expire an overdue
 * code. Writes `pairingQuestions`, `pairingAttempts`, and what a consumed code writes.
 */
import { v } from "convex/values";
import { errorDataOf } from "../../contract/errors.js";
import { afterFailure, isBlocked } from "../../policy/identity/attempts.js";
import {
  connectedText,
  leftText,
  nonceOf,
  QUESTION_NONCE_BYTES,
  QUESTION_TTL_MS,
  questionText,
} from "../../policy/identity/pairingQuestion.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { findBot } from "../channels/telegram/agentBot.js";
import { tellChat } from "../channels/telegram/tell.js";
import { activeBinding, bindingOfTelegram, type Binding } from "./bindings.js";
import {
  consumeRow,
  findByCode,
  notFound,
  whyNot,
  type PairingRefusal,
  type PairingResult,
} from "./consumePairing.js";

const vAccount = { telegramUserId: v.string(), telegramChatId: v.string(), botId: v.string() };
type AtBot = { telegramUserId: string; telegramChatId: string; botId: string };
const vPaired = v.object({
  kind: v.literal("paired"),
  consumerUserId: v.string(),
  agentKey: v.string(),
});
const vFailed = v.object({ kind: v.literal("pairingFailed"), error: v.string() });

const failed = (error: string) => ({ kind: "pairingFailed" as const, error });
const TOO_MANY = "Too many wrong pairing codes, try again later";
const NOT_ASKED =
  "There is no question to answer in this chat, or it is too old: open the pairing link again";

/** A command that names another bot is not for this one. Only codes of that bot, and ten wrong ones per account and quarter of an hour. A code that this account used is paired. */
export const ask = asMutation({
  args: { code: v.string(), named: v.union(v.string(), v.null()), ...vAccount },
  returns: v.union(
    v.object({ kind: v.literal("ignored") }),
    v.object({ kind: v.literal("pairingAsked") }),
    vPaired,
    vFailed,
  ),
})(async (ctx, { code, named, ...at }) => {
  if (named !== null && !(await isNamed(ctx, named, at))) return { kind: "ignored" as const };
  const attempts = await attemptsOf(ctx, at);
  if (isBlocked(attempts, Date.now())) return failed(TOO_MANY);
  const row = await findByCode(ctx, code);
  const refused = row === null ? notFound : await whyNot(ctx, row, at);
  if (row === null || refused !== null) return await countWrong(ctx, at, attempts, refused ?? notFound);
  if (row.status === "used") return paired(row);
  const earlier = await questionOf(ctx, at);
  // Telegram repeats updates, and people tap twice: every copy of one question can be answered.
  const isAgain = earlier?.pairing === row._id && earlier.telegramChatId === at.telegramChatId;
  const nonce = isAgain
    ? earlier.nonce
    : nonceOf(crypto.getRandomValues(new Uint8Array(QUESTION_NONCE_BYTES)));
  const question = {
    sender: senderOf(at),
    telegramChatId: at.telegramChatId,
    nonce,
    pairing: row._id,
    expiresAt: Math.min(row.expiresAt, Date.now() + QUESTION_TTL_MS),
  };
  // The newest link counts: an earlier question of this account is void.
  if (earlier) await ctx.db.replace(earlier._id, question);
  else await ctx.db.insert("pairingQuestions", question);
  const bound = await boundHere(ctx, at);
  const isBound = bound !== null && bound.consumerUserId !== row.consumerUserId;
  await tellChat(ctx, { ...at, chatId: at.telegramChatId, text: questionText({ nonce, isBound }) });
  return { kind: "pairingAsked" as const };
});

/** The answer to the question that this account was asked in this chat. */
export const answer = asMutation({
  args: { nonce: v.string(), ...vAccount },
  returns: v.union(vPaired, vFailed),
})(async (ctx, { nonce, ...at }) => {
  const attempts = await attemptsOf(ctx, at);
  if (isBlocked(attempts, Date.now())) return failed(TOO_MANY);
  const question = await questionOf(ctx, at);
  const isIts = question?.nonce === nonce && question.telegramChatId === at.telegramChatId;
  if (!question || !isIts || question.expiresAt <= Date.now()) return await notAsked(ctx, at, attempts);
  const row = await ctx.db.get(question.pairing);
  if (!row) return await notAsked(ctx, at, attempts);
  if (row.status === "used" && row.telegramUserId === at.telegramUserId) return paired(row);
  const [chatBefore, userBefore] = [await boundHere(ctx, at), await activeBinding(ctx, row.consumerUserId)];
  const result = await consumeRow(ctx, row, at, at.botId).catch((error: unknown): PairingResult => {
    const known = errorDataOf(error);
    if (known === null) throw error;
    return { ok: false, code: known.code, message: known.message };
  });
  if (!result.ok) {
    await tellChat(ctx, { ...at, chatId: at.telegramChatId, text: result.message });
    return failed(result.message);
  }
  const wasMoved = chatBefore !== null && chatBefore.consumerUserId !== row.consumerUserId;
  await tellChat(ctx, { ...at, chatId: at.telegramChatId, text: connectedText({ wasMoved }) });
  await tellLeft(ctx, userBefore, at);
  return paired(row);
});

async function isNamed(ctx: QueryCtx, name: string, { botId }: AtBot): Promise<boolean> {
  const username = (await findBot(ctx, botId))?.username;
  return username?.toLowerCase() === name.toLowerCase();
}

/** The question stays until it is old, so that a repeated answer is answered alike. */
const paired = ({ consumerUserId, agentKey }: Doc<"pairingCodes">) => ({
  kind: "paired" as const,
  consumerUserId,
  agentKey,
});

const senderOf = ({ botId, telegramUserId }: AtBot): string => `telegram:${botId}:${telegramUserId}`;

const questionOf = (ctx: QueryCtx, at: AtBot): Promise<Doc<"pairingQuestions"> | null> =>
  ctx.db
    .query("pairingQuestions")
    .withIndex("by_sender", (q) => q.eq("sender", senderOf(at)))
    .first();

const boundHere = (
  ctx: QueryCtx,
  { telegramUserId, telegramChatId, botId }: AtBot,
): Promise<Binding | null> => bindingOfTelegram(ctx, { telegramUserId, telegramChatId, botId });

/** The chat that the user was connected with before, at this bot or another one. */
async function tellLeft(ctx: MutationCtx, before: Binding | null, at: AtBot): Promise<void> {
  const chatId = before?.telegramChatId;
  if (chatId === undefined || chatId === at.telegramChatId) return;
  await tellChat(ctx, { botId: before?.telegramBotId ?? at.botId, chatId, text: leftText });
}

const attemptsOf = (ctx: QueryCtx, at: AtBot): Promise<Doc<"pairingAttempts"> | null> =>
  ctx.db
    .query("pairingAttempts")
    .withIndex("by_sender", (q) => q.eq("sender", senderOf(at)))
    .first();

async function notAsked(ctx: MutationCtx, at: AtBot, attempts: Doc<"pairingAttempts"> | null) {
  await tellChat(ctx, { ...at, chatId: at.telegramChatId, text: NOT_ASKED });
  return await countWrong(ctx, at, attempts, { message: NOT_ASKED });
}

/** A wrong code and a wrong answer count alike. */
async function countWrong(
  ctx: MutationCtx,
  at: AtBot,
  attempts: Doc<"pairingAttempts"> | null,
  { message }: Pick<PairingRefusal, "message">,
) {
  const now = Date.now();
  const sender = senderOf(at);
  const counted = afterFailure(attempts, now);
  if (attempts) await ctx.db.patch(attempts._id, counted);
  else await ctx.db.insert("pairingAttempts", { sender, ...counted });
  if (isBlocked(counted, now))
    await recordAct(ctx, { kind: "pairing.blocked", actor: "telegram", subject: sender });
  return failed(message);
}
