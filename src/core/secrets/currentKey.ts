/** The master key to seal and sign with. Writes `masterKeys`, once. */
import { MASTER_KEY_BYTES, masterKeyOf, type MasterKey } from "../../policy/secrets/masterKey.js";
import { env } from "../../component/_generated/server.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { asMasterKey, invalidKey, parseEnvKey } from "./keyRing.js";

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
