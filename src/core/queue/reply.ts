/**
 * The record of an answer, on the message row. The one window that cannot be closed is a worker lost between sending a
 * part and hearing of it: that part is marked ambiguous, listed, and never sent again.
 */
import { factoryError } from "../../contract/errors.js";
import { MAX_REPLY_FILE_BYTES, MAX_REPLY_FILES, type ReplyFile } from "../../contract/attachments.js";
import { utf8Bytes } from "../../policy/queue/size.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import { keepReplyFiles } from "../attachments/keepReply.js";
import type { MutationCtx } from "../../component/_generated/server.js";

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

export interface RecordWish {
  turns?: NewTurn[];
  reply?: { text: string; parts: number; files?: ReplyFile[] };
  sendingPart?: number;
  ambiguousParts?: number[];
}
/** What recording changes on the two rows. The caller patches: alone with `flush`, or together with the message's end. */
export interface Recorded {
  message: Partial<Pick<Doc<"messageQueue">, "turnsAt" | "reply" | "ambiguousAt">>;
  conversation: Partial<Pick<Doc<"conversations">, "turnCount">>;
}
export const nothingRecorded: Recorded = { message: {}, conversation: {} };

/**
 * Turns, reply, the part about to be sent and the doubtful ones, in this order. Turns and reply count once per message: a
 * repeat, by this attempt or a later one, changes nothing. One read; inserts the turns and keeps the reply's files, patches
 * nothing.
 */
export async function record(
  ctx: MutationCtx,
  conversation: Doc<"conversations">,
  message: Id<"messageQueue">,
  wish: RecordWish,
): Promise<Recorded> {
  const { turns, sendingPart, ambiguousParts = [] } = wish;
  if (!turns && !wish.reply && sendingPart === undefined && ambiguousParts.length === 0)
    return nothingRecorded;
  const row = await ctx.db.get(message);
  if (row === null) return nothingRecorded;
  const recorded: Recorded = { message: {}, conversation: {} };
  if (turns && row.turnsAt === undefined) {
    recorded.conversation.turnCount = await insertTurns(ctx, conversation, turns, row);
    recorded.message.turnsAt = Date.now();
  }
  let { reply } = row;
  if (wish.reply && !reply) {
    reply = freshReply(wish.reply);
    await keepReplyFiles(ctx, { message, lease: conversation.lease }, wish.reply.files ?? []);
  }
  if (sendingPart !== undefined) reply = nowSending(reply, sendingPart);
  if (ambiguousParts.length > 0) {
    reply = withDoubt(reply, ambiguousParts);
    recorded.message.ambiguousAt = Date.now();
  }
  if (reply !== row.reply) recorded.message.reply = reply;
  return recorded;
}

export async function flush(
  ctx: MutationCtx,
  hold: { conversation: { _id: Id<"conversations"> }; message: Id<"messageQueue"> },
  recorded: Recorded,
): Promise<void> {
  if (Object.keys(recorded.message).length > 0) await ctx.db.patch(hold.message, recorded.message);
  if (Object.keys(recorded.conversation).length > 0)
    await ctx.db.patch(hold.conversation._id, recorded.conversation);
}

/** Inserts turns and returns how many the history has now. */
async function insertTurns(
  ctx: MutationCtx,
  conversation: Doc<"conversations">,
  turns: NewTurn[],
  message?: Doc<"messageQueue">,
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
      message: message?._id,
      role,
      content,
      at: at ?? now + index,
      lane: message?.ownLane === true ? message.lane : undefined,
    });
  }
  return conversation.turnCount + turns.length;
}

/** Appends turns that belong to no message and returns how many the history has now. */
export async function appendTurns(
  ctx: MutationCtx,
  conversation: Doc<"conversations">,
  turns: NewTurn[],
): Promise<number> {
  const turnCount = await insertTurns(ctx, conversation, turns);
  await ctx.db.patch(conversation._id, { turnCount });
  return turnCount;
}

function freshReply(reply: NonNullable<RecordWish["reply"]>): Reply {
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
  const files = reply.files ?? [];
  if (files.length > MAX_REPLY_FILES || files.length > reply.parts)
    throw factoryError("invalid_argument", `A reply has at most ${MAX_REPLY_FILES} files, a part for each`);
  if (files.some(({ sizeBytes }) => !(sizeBytes >= 0 && sizeBytes <= MAX_REPLY_FILE_BYTES)))
    throw factoryError("invalid_argument", `A file of a reply has at most ${MAX_REPLY_FILE_BYTES} bytes`);
  return { ...reply, nextPart: 0, sending: false, ambiguousParts: [] };
}

/** Part `part` is about to go out; all before it did. */
function nowSending(reply: Reply | undefined, part: number): Reply {
  if (!reply || !Number.isInteger(part) || part < reply.nextPart || part >= reply.parts) {
    throw factoryError(
      "invalid_argument",
      "sendingPart must name a part of the recorded reply that was not sent yet",
    );
  }
  return { ...reply, nextPart: part, sending: true };
}

/** The worker sent these parts and did not learn whether they arrived. */
function withDoubt(reply: Reply | undefined, parts: number[]): Reply {
  if (!reply || parts.some((part) => !Number.isInteger(part) || part < 0 || part >= reply.parts)) {
    throw factoryError("invalid_argument", "ambiguousParts must name parts of the recorded reply");
  }
  return {
    ...reply,
    ambiguousParts: [...new Set([...reply.ambiguousParts, ...parts])].sort((a, b) => a - b),
  };
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
