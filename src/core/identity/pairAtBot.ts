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
  LEFT_TEXT,
  nonceOf,
  QUESTION_NONCE_BYTES,
  QUESTION_TTL_MS,
  questionText,
} from "../../policy/identity/pairing.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { findAccount } from "../channels/accounts.js";
import { tellChat } from "../channels/tell.js";
import { activeBinding } from "./bindings.js";
import { bindingOfContact, type Binding } from "./contactBinding.js";
import { consumeRow, notFound, whyNot, type PairingRefusal, type PairingResult } from "./consumePairing.js";
import { findByCode } from "./pairingCodes.js";

const vAt = { channel: v.string(), accountId: v.string(), userId: v.string(), chatId: v.string() };
type At = { channel: string; accountId: string; userId: string; chatId: string };
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

/** A command that names another account is not for this one. Only codes of that account, and ten wrong ones per account and quarter of an hour. A code that this account used is paired. */
export const ask = asMutation({
  args: { code: v.string(), named: v.union(v.string(), v.null()), ...vAt },
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
  const refused = row === null ? notFound : await whyNot(ctx, row, at.userId, at);
  if (row === null || refused !== null) return await countWrong(ctx, at, attempts, refused ?? notFound);
  if (row.status === "used") return paired(row);
  const earlier = await questionOf(ctx, at);
  // Channels repeat themselves, and people tap twice: every copy of one question can be answered.
  const isAgain = earlier?.pairing === row._id && earlier.chatId === at.chatId;
  const nonce = isAgain
    ? earlier.nonce
    : nonceOf(crypto.getRandomValues(new Uint8Array(QUESTION_NONCE_BYTES)));
  const question = {
    sender: senderOf(at),
    chatId: at.chatId,
    nonce,
    pairing: row._id,
    expiresAt: Math.min(row.expiresAt, Date.now() + QUESTION_TTL_MS),
  };
  // The newest link counts: an earlier question of this account is void.
  if (earlier) await ctx.db.replace(earlier._id, question);
  else await ctx.db.insert("pairingQuestions", question);
  const bound = await boundHere(ctx, at);
  const isBound = bound !== null && bound.consumerUserId !== row.consumerUserId;
  await tellChat(ctx, { ...at, text: questionText({ nonce, isBound }) });
  return { kind: "pairingAsked" as const };
});

/** The answer to the question that this account was asked in this chat. */
export const answer = asMutation({
  args: { nonce: v.string(), ...vAt },
  returns: v.union(vPaired, vFailed),
})(async (ctx, { nonce, ...at }) => {
  const attempts = await attemptsOf(ctx, at);
  if (isBlocked(attempts, Date.now())) return failed(TOO_MANY);
  const question = await questionOf(ctx, at);
  const isIts = question?.nonce === nonce && question.chatId === at.chatId;
  if (!question || !isIts || question.expiresAt <= Date.now()) return await notAsked(ctx, at, attempts);
  const row = await ctx.db.get(question.pairing);
  if (!row) return await notAsked(ctx, at, attempts);
  if (row.status === "used" && row.userId === at.userId) return paired(row);
  const [chatBefore, userBefore] = [await boundHere(ctx, at), await activeBinding(ctx, row.consumerUserId)];
  const result = await consumeRow(ctx, row, at, at).catch((error: unknown): PairingResult => {
    const known = errorDataOf(error);
    if (known === null) throw error;
    return { ok: false, code: known.code, message: known.message };
  });
  if (!result.ok) {
    await tellChat(ctx, { ...at, text: result.message });
    return failed(result.message);
  }
  const wasMoved = chatBefore !== null && chatBefore.consumerUserId !== row.consumerUserId;
  await tellChat(ctx, { ...at, text: connectedText({ wasMoved }) });
  await tellLeft(ctx, userBefore, at);
  return paired(row);
});

async function isNamed(ctx: QueryCtx, name: string, at: At): Promise<boolean> {
  const username = (await findAccount(ctx, at))?.username;
  return username?.toLowerCase() === name.toLowerCase();
}

/** The question stays until it is old, so that a repeated answer is answered alike. */
const paired = ({ consumerUserId, agentKey }: Doc<"pairingCodes">) => ({
  kind: "paired" as const,
  consumerUserId,
  agentKey,
});

const senderOf = ({ channel, accountId, userId }: At): string => `${channel}:${accountId}:${userId}`;

const questionOf = (ctx: QueryCtx, at: At): Promise<Doc<"pairingQuestions"> | null> =>
  ctx.db
    .query("pairingQuestions")
    .withIndex("by_sender", (q) => q.eq("sender", senderOf(at)))
    .first();

const boundHere = (ctx: QueryCtx, at: At): Promise<Binding | null> => bindingOfContact(ctx, at, at.accountId);

/** The chat that the user was connected with before, at this account or another one. */
async function tellLeft(ctx: MutationCtx, before: Binding | null, at: At): Promise<void> {
  if (before?.chatId === undefined || (before.channel === at.channel && before.chatId === at.chatId)) return;
  const { channel, chatId } = before;
  await tellChat(ctx, { channel, accountId: before.accountId ?? at.accountId, chatId, text: LEFT_TEXT });
}

const attemptsOf = (ctx: QueryCtx, at: At): Promise<Doc<"pairingAttempts"> | null> =>
  ctx.db
    .query("pairingAttempts")
    .withIndex("by_sender", (q) => q.eq("sender", senderOf(at)))
    .first();

async function notAsked(ctx: MutationCtx, at: At, attempts: Doc<"pairingAttempts"> | null) {
  await tellChat(ctx, { ...at, text: NOT_ASKED });
  return await countWrong(ctx, at, attempts, { message: NOT_ASKED });
}

/** A wrong code and a wrong answer count alike. */
async function countWrong(
  ctx: MutationCtx,
  at: At,
  attempts: Doc<"pairingAttempts"> | null,
  { message }: Pick<PairingRefusal, "message">,
) {
  const now = Date.now();
  const sender = senderOf(at);
  const counted = afterFailure(attempts, now);
  if (attempts) await ctx.db.patch(attempts._id, counted);
  else await ctx.db.insert("pairingAttempts", { sender, ...counted });
  if (isBlocked(counted, now))
    await recordAct(ctx, { kind: "pairing.blocked", actor: at.channel, subject: sender });
  return failed(message);
}
