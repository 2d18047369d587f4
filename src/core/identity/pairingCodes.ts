/**
 * One-time codes: made, looked up, and ended when nobody used them: each has its own timer, so that queries need no clock, and
 * the sweep is the net. Writes `pairingCodes`, `pairingAttempts`, `pairingQuestions`. Invariant: at most one pending per user and agent.
 */
import { asMutation, asQuery } from "../functions.js";
import { v } from "convex/values";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { duePairings } from "./due.js";
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/identity.js";
import type { PairingView } from "../../contract/identity.js";
import { PAIRING_CODE_BYTES, pairingCodeOf, pairingTtlMs } from "../../policy/identity/pairing.js";
import { sha256Hex } from "../../policy/text/sha256.js";
import { internal } from "../../component/_generated/api.js";
import { findAgent } from "../agents/findAgent.js";
import { sealSecret } from "../secrets/seal.js";
import { credentialOfAgent, isHeard } from "../channels/credentials.js";
import { namedChannel } from "../channels/registry.js";
import type { Channel } from "../channels/channel.js";
import { pairingView, sealedCodeOf, openCode } from "./views.js";

/** From now on nobody can read the code, its owner included. */
export const expire = (ctx: MutationCtx, pairing: Id<"pairingCodes">): Promise<void> =>
  ctx.db.patch(pairing, { status: "expired", sealed: undefined });

/** Far above the pending codes of one user, which has one per agent at most; small rows. */
const MAX_PENDING = 500;

/** Ends those of the user's pending codes that are `over`. */
export async function expirePending(
  ctx: MutationCtx,
  consumerUserId: string,
  over: (row: Doc<"pairingCodes">) => boolean,
): Promise<void> {
  const pending = await ctx.db
    .query("pairingCodes")
    .withIndex("by_consumerUserId_and_status", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("status", "pending"),
    )
    .order("desc")
    .take(MAX_PENDING);
  for (const row of pending) if (over(row)) await expire(ctx, row._id);
}

export const due = asMutation({ args: { pairing: v.id("pairingCodes") }, returns: v.null() })(async (
  ctx,
  { pairing },
) => {
  const row = await ctx.db.get(pairing);
  if (row?.status === "pending" && row.expiresAt <= Date.now()) await expire(ctx, pairing);
  return null;
});

/** Expires overdue codes, deletes old ended ones and the attempts of past windows; how many rows it touched. */
export async function sweepPairing(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const due = duePairings(ctx, Date.now());
  const shares = Object.keys(due).length;
  for (const row of await batch.take(due.overdue, { shares })) await expire(ctx, row._id);
  const over = [
    ...(await batch.take(due.used, { shares })),
    ...(await batch.take(due.expired, { shares })),
    ...(await batch.take(due.attempts, { shares })),
    ...(await batch.take(due.questions, { shares })),
  ];
  for (const { _id } of over) await ctx.db.delete(_id);
  return batch.rows;
}

export const createPairingCode = asMutation(contract.createPairingCode)(
  async (ctx, args) => (await create(ctx, args)).pairing,
);

export const createUserAgentPairing = asMutation(contract.createUserAgentPairing)((ctx, args) =>
  create(ctx, args),
);

/** The link that opens a chat with the account and sends the code; null while the account's name is not known. */
export const linkOf = (
  { capabilities }: Channel,
  accountName: string | null | undefined,
  code: string,
): string | null => (accountName && capabilities.pairing?.link(accountName, code)) || null;

async function create(
  ctx: MutationCtx,
  { consumerUserId, agentKey, ttlMs }: { consumerUserId: string; agentKey: string; ttlMs?: number },
): Promise<{ pairing: PairingView; deepLink: string | null }> {
  if (consumerUserId.trim() === "")
    throw factoryError("invalid_argument", "consumerUserId must not be blank");
  const agent = await findAgent(ctx, agentKey);
  if (!agent?.enabled) {
    throw factoryError("agent_not_found", `Agent profile '${agentKey}' not found or disabled`);
  }
  const createdAt = Date.now();
  const isOver = (row: Doc<"pairingCodes">) => row.agentKey === agentKey || row.expiresAt <= createdAt;
  await expirePending(ctx, consumerUserId, isOver);
  const code = pairingCodeOf(crypto.getRandomValues(new Uint8Array(PAIRING_CODE_BYTES)));
  const codeHash = await sha256Hex(code);
  const value = new TextEncoder().encode(code);
  const { encryptedValue, wrappedKey, keyId } = await sealSecret(ctx, sealedCodeOf(codeHash), value);
  const channel = namedChannel();
  const own = (await credentialOfAgent(ctx, agent, channel))?.account ?? null;
  const account = isHeard(own) ? own : null;
  const expiresAt = createdAt + pairingTtlMs(ttlMs);
  const id = await ctx.db.insert("pairingCodes", {
    codeHash,
    sealed: { encryptedValue, wrappedKey, keyId },
    consumerUserId,
    agentKey,
    status: "pending",
    createdAt,
    expiresAt,
    channel: channel.kind,
    accountId: account?.accountId,
    accountName: account?.username,
  });
  await ctx.scheduler.runAt(expiresAt, internal.upkeep.expirePairings, { pairing: id });
  const row = await ctx.db.get(id);
  if (!row) throw new Error("a row that was just inserted is gone");
  return { pairing: pairingView(row, code), deepLink: linkOf(channel, account?.username, code) };
}

/** Links carry less; 1.0.11 let 128 through. */
const MAX_CODE_CHARS = 128;

/** Looked up by its hash: what a guesser can vary is unrelated to what the index compares. */
export async function findByCode(ctx: QueryCtx, code: string): Promise<Doc<"pairingCodes"> | null> {
  if (code.length > MAX_CODE_CHARS) return null;
  const codeHash = await sha256Hex(code);
  return await ctx.db
    .query("pairingCodes")
    .withIndex("by_codeHash", (q) => q.eq("codeHash", codeHash))
    .unique();
}

export const getPairingCodeStatus = asQuery(contract.getPairingCodeStatus)(async (ctx, { code }) => {
  const row = await findByCode(ctx, code);
  return row && pairingView(row, code);
});

export const getUserAgentPairingStatus = asQuery(contract.getUserAgentPairingStatus)(async (ctx, args) => {
  const row = await newestPairing(ctx, args);
  return row && pairingView(row, (await openCode(ctx, row)) ?? "");
});

/** The newest code of a user for an agent, or null. One document read. */
export const newestPairing = (
  ctx: QueryCtx,
  { consumerUserId, agentKey }: { consumerUserId: string; agentKey: string },
): Promise<Doc<"pairingCodes"> | null> =>
  ctx.db
    .query("pairingCodes")
    .withIndex("by_consumerUserId_and_agentKey_and_createdAt", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("agentKey", agentKey),
    )
    .order("desc")
    .first();
