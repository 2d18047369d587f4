/** Makes one-time codes. Writes `pairingCodes`. Invariant: at most one pending code per user and agent. */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/identity.js";
import type { PairingView } from "../../contract/identity.js";
import {
  PAIRING_CODE_BYTES,
  pairingCodeOf,
  pairingDeepLink,
  pairingTtlMs,
} from "../../policy/identity/pairingCode.js";
import { sha256Hex } from "../../policy/text/sha256.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { asMutation } from "../functions.js";
import { sealSecret } from "../secrets/seal.js";
import { isWebhookReady, tokenOfAgent } from "../channels/telegram/agentToken.js";
import { expirePending } from "./expirePairing.js";
import { pairingView, sealedCodeOf } from "./views.js";

export const createPairingCode = asMutation(contract.createPairingCode)(
  async (ctx, args) => (await create(ctx, args)).pairing,
);

export const createUserAgentPairing = asMutation(contract.createUserAgentPairing)((ctx, args) =>
  create(ctx, args),
);

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
  const own = (await tokenOfAgent(ctx, agent))?.bot ?? null;
  const bot = isWebhookReady(own) ? own : null;
  const expiresAt = createdAt + pairingTtlMs(ttlMs);
  const id = await ctx.db.insert("pairingCodes", {
    codeHash,
    sealed: { encryptedValue, wrappedKey, keyId },
    consumerUserId,
    agentKey,
    status: "pending",
    createdAt,
    expiresAt,
    telegramBotId: bot?.botId,
    telegramBotUsername: bot?.username,
  });
  await ctx.scheduler.runAt(expiresAt, internal.upkeep.expirePairings, { pairing: id });
  const row = await ctx.db.get(id);
  if (!row) throw new Error("a row that was just inserted is gone");
  return {
    pairing: pairingView(row, code),
    deepLink: bot?.username === undefined ? null : pairingDeepLink(bot.username, code),
  };
}
