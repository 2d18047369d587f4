/** The only code that turns secrets into rows, and the master key that it seals with. Writes `masterKeys`, once. */
import {
  DATA_KEY_BYTES,
  ENVELOPE_FORMAT,
  NONCE_BYTES,
  type SecretVersion,
} from "../../policy/secrets/envelope.js";
import { type Bytes, MASTER_KEY_BYTES, masterKeyOf, type MasterKey } from "../../policy/secrets/masterKey.js";
import { sealEnvelope } from "../../policy/secrets/sealEnvelope.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import { type MutationCtx, env, type QueryCtx } from "../../component/_generated/server.js";
import { asMasterKey, invalidKey, parseEnvKey } from "./keyRing.js";

/** The sealed columns of a `secrets` row. Generates a master key when there is none; throws `master_key_invalid`. */
export async function sealSecret(
  ctx: MutationCtx,
  bound: SecretVersion,
  value: Bytes,
): Promise<Pick<Doc<"secrets">, "encryptedValue" | "wrappedKey" | "keyId" | "algorithm">> {
  const master = await requireMasterKey(ctx);
  const sealed = await sealEnvelope(master, bound, value, {
    dataKey: crypto.getRandomValues(new Uint8Array(DATA_KEY_BYTES)),
    wrapNonce: crypto.getRandomValues(new Uint8Array(NONCE_BYTES)),
    valueNonce: crypto.getRandomValues(new Uint8Array(NONCE_BYTES)),
  });
  return {
    encryptedValue: sealed.encryptedValue.buffer,
    wrappedKey: sealed.wrappedKey.buffer,
    keyId: master.keyId,
    algorithm: ENVELOPE_FORMAT,
  };
}

/** The newest generated key, whether or not it is in use. */
export async function generatedMasterKey(ctx: QueryCtx | MutationCtx): Promise<MasterKey | null> {
  return asMasterKey(await ctx.db.query("masterKeys").order("desc").first());
}

/**
 * The key to seal and sign with: from the environment, else the generated one, made now if there is none.
 * Throws `master_key_invalid` when the environment holds something else than a key: falling back silently would
 * leave the operator believing in a key that protects nothing.
 */
export async function requireMasterKey(ctx: MutationCtx): Promise<MasterKey> {
  const existing = await existingMasterKey(ctx);
  if (existing) return existing;
  const made = await masterKeyOf(crypto.getRandomValues(new Uint8Array(MASTER_KEY_BYTES)));
  await ctx.db.insert("masterKeys", { keyId: made.keyId, key: made.bytes.buffer, createdAt: Date.now() });
  return made;
}

/** As `requireMasterKey`, but null instead of making one. */
export async function existingMasterKey(ctx: QueryCtx | MutationCtx): Promise<MasterKey | null> {
  const current = await parseEnvKey(env.AGENT_FACTORY_MASTER_KEY);
  if (current.state === "valid") return current.key;
  if (current.state === "invalid") throw invalidKey("AGENT_FACTORY_MASTER_KEY", current.fault);
  return await generatedMasterKey(ctx);
}
