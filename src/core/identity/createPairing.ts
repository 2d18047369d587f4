/** Makes one-time codes. Writes `pairingCodes`. Invariant: at most one pending code per user and agent. */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/identity.js";
import type { PairingView } from "../../contract/identity.js";
import { PAIRING_CODE_BYTES, pairingCodeOf, pairingTtlMs } from "../../policy/identity/pairingCode.js";
import { sha256Hex } from "../../policy/text/sha256.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { asMutation } from "../functions.js";
import { sealSecret } from "../secrets/seal.js";
import { credentialOfAgent, isHeard } from "../channels/agentCredential.js";
import { namedChannel } from "../channels/registry.js";
import type { Channel } from "../channels/channel.js";
import { expirePending } from "./expirePairing.js";
import { pairingView, sealedCodeOf } from "./views.js";

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
  const { encryptedValue, wrappedKey, keyId } = await sealSecret(
    ctx,
    sealedCodeOf(codeHash),
    new TextEncoder().encode(code),
  );
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
  return {
    pairing: pairingView(row, code),
    deepLink: linkOf(channel, account?.username, code),
  };
}
