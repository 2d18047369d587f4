/**
 * The record of an answer, on the message row. The one window that cannot be closed is a worker lost between sending a
 * part and hearing of it: that part is marked ambiguous, listed, and never sent again.
 */
import { factoryError } from "../../contract/errors.js";
import { utf8Bytes } from "../../policy/queue/size.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";

type Reply = NonNullable<Doc<"messageQueue">["reply"]>;
export interface NewTurn {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  at?: number;
}

/** A document holds 1 MiB; payload and reply share the message's. */
const MAX_REPLY_BYTES = 256 * 1024;
const MAX_TURN_BYTES = 512 * 1024;
const MAX_TURNS = 100;
const MAX_PARTS = 1_000;

/** Appends the turns of a message to the history, once per message. Returns whether they were appended now. */
export async function recordTurns(
  ctx: MutationCtx,
  conversation: Doc<"conversations">,
  message: Id<"messageQueue">,
  turns: NewTurn[],
): Promise<boolean> {
  const row = await ctx.db.get(message);
  if (row === null || row.turnsAt !== undefined) return false;
  await appendTurns(ctx, conversation, turns, message);
  await ctx.db.patch(message, { turnsAt: Date.now() });
  return true;
}

/** Appends turns to the history and returns how many it has now. */
export async function appendTurns(
  ctx: MutationCtx,
  conversation: Doc<"conversations">,
  turns: NewTurn[],
  message?: Id<"messageQueue">,
): Promise<number> {
  if (turns.length > MAX_TURNS)
    throw factoryError("invalid_argument", `At most ${MAX_TURNS} turns can be appended at once`);
  const now = Date.now();
  for (const [index, { role, content, at }] of turns.entries()) {
    if (utf8Bytes(content) > MAX_TURN_BYTES) {
      throw factoryError("text_too_large", `A turn is larger than ${MAX_TURN_BYTES} bytes`);
    }
    await ctx.db.insert("turns", {
      conversation: conversation._id,
      message,
      role,
      content,
      at: at ?? now + index,
    });
  }
  const turnCount = conversation.turnCount + turns.length;
  await ctx.db.patch(conversation._id, { turnCount });
  return turnCount;
}

/** Keeps the first reply of a message: a repeat, by this attempt or a later one, changes nothing. */
export async function recordReply(
  ctx: MutationCtx,
  message: Id<"messageQueue">,
  reply: { text: string; parts: number },
): Promise<void> {
  const bytes = utf8Bytes(reply.text);
  if (bytes > MAX_REPLY_BYTES) {
    throw factoryError(
      "text_too_large",
      `The reply is ${bytes} bytes, at most ${MAX_REPLY_BYTES} are allowed`,
    );
  }
  if (!Number.isInteger(reply.parts) || reply.parts < 1 || reply.parts > MAX_PARTS) {
    throw factoryError("invalid_argument", `reply.parts must be a whole number from 1 to ${MAX_PARTS}`);
  }
  const row = await ctx.db.get(message);
  if (row === null || row.reply) return;
  await ctx.db.patch(message, { reply: { ...reply, nextPart: 0, sending: false, ambiguousParts: [] } });
}

/** Part `part` is about to go out; all before it did. */
export async function noteSending(
  ctx: MutationCtx,
  message: Id<"messageQueue">,
  part: number,
): Promise<void> {
  const reply = (await ctx.db.get(message))?.reply;
  if (!reply || !Number.isInteger(part) || part < reply.nextPart || part >= reply.parts) {
    throw factoryError(
      "invalid_argument",
      "sendingPart must name a part of the recorded reply that was not sent yet",
    );
  }
  await ctx.db.patch(message, { reply: { ...reply, nextPart: part, sending: true } });
}

/** The worker sent these parts and did not learn whether they arrived. */
export async function noteAmbiguous(
  ctx: MutationCtx,
  message: Id<"messageQueue">,
  parts: number[],
): Promise<void> {
  const reply = (await ctx.db.get(message))?.reply;
  if (!reply || parts.some((part) => !Number.isInteger(part) || part < 0 || part >= reply.parts)) {
    throw factoryError("invalid_argument", "ambiguousParts must name parts of the recorded reply");
  }
  const ambiguousParts = [...new Set([...reply.ambiguousParts, ...parts])].sort((a, b) => a - b);
  await ctx.db.patch(message, { reply: { ...reply, ambiguousParts }, ambiguousAt: Date.now() });
}

/** The worker heard that the part was refused: it did not go out and may be sent by the next attempt. */
export async function sendingFailed(ctx: MutationCtx, message: Id<"messageQueue">): Promise<void> {
  const reply = (await ctx.db.get(message))?.reply;
  if (reply?.sending) await ctx.db.patch(message, { reply: { ...reply, sending: false } });
}

/**
 * The worker was lost. What it may have been sending becomes ambiguous and is passed over. Returns true when nothing is
 * left to send, so that the message is over.
 */
export async function markLost(ctx: MutationCtx, message: Doc<"messageQueue">): Promise<boolean> {
  const { reply } = message;
  if (!reply?.sending) return false;
  const passed: Reply = {
    ...reply,
    sending: false,
    nextPart: reply.nextPart + 1,
    ambiguousParts: [...reply.ambiguousParts, reply.nextPart],
  };
  await ctx.db.patch(message._id, { reply: passed, ambiguousAt: Date.now() });
  return passed.nextPart >= passed.parts;
}
