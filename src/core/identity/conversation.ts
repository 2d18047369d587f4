/**
 * Which conversation a message belongs to. Each (user, agent) pair has one for good, and so has each chat without a
 * binding per account and agent; no id is ever used for two of them. Writes `conversationIdentities`.
 */
import { factoryError } from "../../contract/errors.js";
import {
  chatBase,
  placeOfChat,
  placeOfUser,
  userBase,
  withGeneration,
  type ChatPlace,
} from "../../policy/identity/conversationIds.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { findConversation } from "../queue/enqueue.js";

/** Ids that a host made itself may be in the way; this many are stepped over. */
const MAX_STEPS = 20;

/** The id for a (user, agent) pair, whether or not anything was said yet. Reads at most 3 documents. */
export async function targetConversationId(
  ctx: QueryCtx,
  { consumerUserId, agentKey }: { consumerUserId: string; agentKey: string },
): Promise<string> {
  const place = placeOfUser(consumerUserId);
  const known = await findIdentity(ctx, place, agentKey);
  if (known) return known.conversationId;
  const plain = userBase(consumerUserId);
  if (await isFree(ctx, plain, agentKey)) return plain;
  return userBase(consumerUserId, agentKey);
}

/** The id for a group, whether or not anything was said yet: one for all its members. Reads at most 3 documents. */
export async function groupConversationId(ctx: QueryCtx, chat: ChatPlace, agentKey: string): Promise<string> {
  const known = await findIdentity(ctx, placeOfChat(chat), agentKey);
  if (known) return known.conversationId;
  const first = chatBase(chat);
  return (await isFree(ctx, first, agentKey)) ? first : chatBase(chat, chat.accountId);
}

/** The pair's conversation, claimed: from now on it is this pair's for good. */
export async function conversationOfUser(
  ctx: MutationCtx,
  pair: { consumerUserId: string; agentKey: string },
  chat: (ChatPlace & { isVouchedFor: boolean }) | null,
): Promise<string> {
  const place = placeOfUser(pair.consumerUserId);
  const known = await findIdentity(ctx, place, pair.agentKey);
  if (known) return known.conversationId;
  // A push before the pairing has begun the pair's memory already.
  const pushed = await findConversation(ctx, await targetConversationId(ctx, pair));
  if (pushed || chat === null) {
    const base = pushed?.conversationId ?? userBase(pair.consumerUserId);
    return await claimId(ctx, { place, agentKey: pair.agentKey, base });
  }
  // What was said in the chat before stays the chat's, unless the host vouches for its being the user's: whoever made a
  // pairing link may be somebody else.
  const unbound = chat.isVouchedFor ? await findIdentity(ctx, placeOfChat(chat), pair.agentKey) : null;
  if (unbound) {
    await ctx.db.patch(unbound._id, { place });
    return unbound.conversationId;
  }
  return await claimId(ctx, { place, agentKey: pair.agentKey, base: chatBase(chat) });
}

/** The conversation of a chat that is nobody's in particular: an unbound account, or a group. */
export async function conversationOfChat(
  ctx: MutationCtx,
  chat: ChatPlace,
  agentKey: string,
): Promise<string> {
  const place = placeOfChat(chat);
  const known = await findIdentity(ctx, place, agentKey);
  if (known) return known.conversationId;
  return await claimId(ctx, { place, agentKey, base: await groupConversationId(ctx, chat, agentKey) });
}

const findIdentity = (
  ctx: QueryCtx,
  place: string,
  agentKey: string,
): Promise<Doc<"conversationIdentities"> | null> =>
  ctx.db
    .query("conversationIdentities")
    .withIndex("by_place_and_agentKey", (q) => q.eq("place", place).eq("agentKey", agentKey))
    .first();

/** Takes the first generation of an id that is nobody's. Throws `conversation_id_exhausted`. */
async function claimId(
  ctx: MutationCtx,
  { place, agentKey, base }: { place: string; agentKey: string; base: string },
): Promise<string> {
  const newest = await ctx.db
    .query("conversationIdentities")
    .withIndex("by_base_and_generation", (q) => q.eq("base", base))
    .order("desc")
    .first();
  const start = (newest?.generation ?? 0) + 1;
  for (let generation = start; generation < start + MAX_STEPS; generation += 1) {
    const conversationId = withGeneration(base, generation);
    if (!(await isFree(ctx, conversationId, agentKey))) continue;
    await ctx.db.insert("conversationIdentities", { place, agentKey, conversationId, base, generation });
    return conversationId;
  }
  throw factoryError("conversation_id_exhausted", `Every conversation id after '${base}' is taken`);
}

/** Nobody's by its identity, and not begun by the host for another agent. Reads at most 2 documents. */
async function isFree(ctx: QueryCtx, conversationId: string, agentKey: string): Promise<boolean> {
  const taken = await ctx.db
    .query("conversationIdentities")
    .withIndex("by_conversationId", (q) => q.eq("conversationId", conversationId))
    .first();
  if (taken) return false;
  const begun = await findConversation(ctx, conversationId);
  return begun === null || begun.agentKey === agentKey;
}
