/**
 * The master keys at hand: the current and the previous one from the environment, and those the component generated
 * because it was given none. The environment is read here and only here. Writes `masterKeys`, once.
 */
import { factoryError } from "../../contract/errors.js";
import {
  decodeMasterKey,
  MASTER_KEY_BYTES,
  masterKeyFault,
  masterKeyFix,
  masterKeyOf,
  type MasterKey,
} from "../../policy/secrets/masterKey.js";
import { env } from "../../component/_generated/server.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";

/** A variable that is absent or blank, is no key, or is one. */
export type EnvKey =
  { state: "absent" } | { state: "invalid"; fault: string } | { state: "valid"; key: MasterKey };

/** What the environment holds; never throws. */
export async function envMasterKeys(): Promise<{ current: EnvKey; previous: EnvKey }> {
  return {
    current: await parseEnvKey(env.AGENT_FACTORY_MASTER_KEY),
    previous: await parseEnvKey(env.AGENT_FACTORY_MASTER_KEY_PREVIOUS),
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

/**
 * The key of that id wherever it is kept (at most 1 document read), or null. Throws `master_key_invalid` instead of
 * null when a variable holds something else than a key, since that is then the likely reason.
 */
export async function findMasterKey(ctx: QueryCtx | MutationCtx, keyId: string): Promise<MasterKey | null> {
  const { current, previous } = await envMasterKeys();
  if (current.state === "valid" && current.key.keyId === keyId) return current.key;
  if (previous.state === "valid" && previous.key.keyId === keyId) return previous.key;
  const row = await ctx.db
    .query("masterKeys")
    .withIndex("by_keyId", (q) => q.eq("keyId", keyId))
    .first();
  if (row) return asMasterKey(row);
  if (current.state === "invalid") throw invalidKey("AGENT_FACTORY_MASTER_KEY", current.fault);
  if (previous.state === "invalid") throw invalidKey("AGENT_FACTORY_MASTER_KEY_PREVIOUS", previous.fault);
  return null;
}

async function parseEnvKey(text: string | undefined): Promise<EnvKey> {
  if (text === undefined || text.trim() === "") return { state: "absent" };
  const bytes = decodeMasterKey(text);
  return bytes
    ? { state: "valid", key: await masterKeyOf(bytes) }
    : { state: "invalid", fault: masterKeyFault(text) };
}

function asMasterKey(row: Doc<"masterKeys"> | null): MasterKey | null {
  return row && { keyId: row.keyId, bytes: new Uint8Array(row.key) };
}

const invalidKey = (variable: string, fault: string) =>
  factoryError("master_key_invalid", `${variable} is not a master key: it ${fault}. ${masterKeyFix}`, {
    variable,
  });
