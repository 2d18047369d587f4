/**
 * What protects the secrets and what an operator should mend. Reads one `secrets` row per different key id (at most 16)
 * and the generated key.
 */
import * as contract from "../../contract/secrets.js";
import { isWeakMasterKey, masterKeyFix } from "../../policy/secrets/masterKey.js";
import type { QueryCtx } from "../_generated/server.js";
import { asQuery } from "../functions.js";
import { envMasterKeys, generatedMasterKey, type EnvKey } from "./keyRing.js";

/** More different keys than this among the active secrets means rotations that were never finished. */
const MAX_KEY_IDS = 16;

interface Issue {
  code: string;
  message: string;
}

export const secretStoreReadiness = asQuery(contract.secretStoreReadiness)(async (ctx) => {
  const { current, previous } = await envMasterKeys();
  const generated = await generatedMasterKey(ctx);
  const issues = [...currentIssues(current, generated !== null), ...previousIssues(current, previous)];
  const available = new Set<string>();
  for (const key of [current, previous]) if (key.state === "valid") available.add(key.key.keyId);
  for (const keyId of await keyIdsInUse(ctx)) {
    if (available.has(keyId) || (await isGenerated(ctx, keyId))) continue;
    issues.push({
      code: "secret_key_unavailable",
      message: `Active secrets are sealed with master key ${keyId}, which is not available. Set it as AGENT_FACTORY_MASTER_KEY_PREVIOUS or import those secrets again.`,
    });
  }
  const masterKey: "env" | "invalid" | "generated" | "absent" =
    current.state === "valid"
      ? "env"
      : current.state === "invalid"
        ? "invalid"
        : generated
          ? "generated"
          : "absent";
  return { masterKey, issues };
});

function currentIssues(current: EnvKey, hasGenerated: boolean): Issue[] {
  if (current.state === "invalid") {
    const message = `AGENT_FACTORY_MASTER_KEY is not a master key; secrets cannot be imported. ${masterKeyFix}`;
    return [{ code: "master_key_invalid", message }];
  }
  if (current.state === "valid") {
    if (!isWeakMasterKey(current.key.bytes)) return [];
    const message = `AGENT_FACTORY_MASTER_KEY does not look random, so it can be guessed. ${masterKeyFix}`;
    return [{ code: "master_key_weak", message }];
  }
  if (!hasGenerated) {
    const message = `No master key is set. With the first secret the component will generate one and keep it in its own database, next to what it seals. ${masterKeyFix}`;
    return [{ code: "master_key_absent", message }];
  }
  const message = `The master key was generated and is kept in the component's database: a leaked row or log reveals no secret, but a full export of the database does. ${masterKeyFix} Secrets sealed before stay readable.`;
  return [{ code: "master_key_generated", message }];
}

function previousIssues(current: EnvKey, previous: EnvKey): Issue[] {
  if (previous.state === "absent") return [];
  if (previous.state === "invalid") {
    const message =
      "AGENT_FACTORY_MASTER_KEY_PREVIOUS is not a master key. Set it to the key before the last rotation, or remove it.";
    return [{ code: "previous_master_key_invalid", message }];
  }
  if (current.state === "valid" && current.key.keyId === previous.key.keyId) {
    const message =
      "AGENT_FACTORY_MASTER_KEY_PREVIOUS is the same key as AGENT_FACTORY_MASTER_KEY. Set it to the key before the last rotation, or remove it.";
    return [{ code: "previous_master_key_same", message }];
  }
  return [];
}

/** The key ids of active secrets, by skipping from each one to the next along the index. */
async function keyIdsInUse(ctx: QueryCtx): Promise<string[]> {
  const keyIds: string[] = [];
  for (let after = ""; keyIds.length < MAX_KEY_IDS;) {
    const next = await ctx.db
      .query("secrets")
      .withIndex("by_active_and_keyId", (q) => q.eq("active", true).gt("keyId", after))
      .first();
    if (!next) break;
    keyIds.push((after = next.keyId));
  }
  return keyIds;
}

const isGenerated = async (ctx: QueryCtx, keyId: string): Promise<boolean> =>
  (await ctx.db
    .query("masterKeys")
    .withIndex("by_keyId", (q) => q.eq("keyId", keyId))
    .first()) !== null;
