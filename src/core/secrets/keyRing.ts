/**
 * The master keys at hand: the current and the previous one from the environment, and those the component generated
 * because it was given none (`seal.ts`).
 */
import { factoryError } from "../../contract/errors.js";
import {
  decodeMasterKey,
  masterKeyFault,
  MASTER_KEY_FIX,
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

export async function parseEnvKey(text: string | undefined): Promise<EnvKey> {
  if (text === undefined || text.trim() === "") return { state: "absent" };
  const bytes = decodeMasterKey(text);
  return bytes
    ? { state: "valid", key: await masterKeyOf(bytes) }
    : { state: "invalid", fault: masterKeyFault(text) };
}

export function asMasterKey(row: Doc<"masterKeys"> | null): MasterKey | null {
  return row && { keyId: row.keyId, bytes: new Uint8Array(row.key) };
}

export const invalidKey = (variable: string, fault: string) =>
  factoryError("master_key_invalid", `${variable} is not a master key: it ${fault}. ${MASTER_KEY_FIX}`, {
    variable,
  });
