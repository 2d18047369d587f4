/**
 * What protects the secrets and what an operator should mend. Reads the generated keys and the active secrets of at most 16
 * key ids, as far as their count goes (`sealedRows.ts`).
 */
import * as contract from "../../contract/secrets.js";
import { isWeakMasterKey, MASTER_KEY_FIX } from "../../policy/secrets/masterKey.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { asQuery } from "../functions.js";
import { envMasterKeys, type EnvKey } from "./keyRing.js";
import { generatedMasterKey } from "./seal.js";
import { countBudget, countSealed, firstOfNextKey } from "./sealedRows.js";

/** More different keys than this among the active secrets means rotations that were never finished. */
const MAX_KEY_IDS = 16;

interface Issue {
  code: string;
  message: string;
}
interface KeyInUse {
  keyId: string;
  state: "current" | "older" | "missing";
  secrets: number;
  capped: boolean;
}

export const secretStoreReadiness = asQuery(contract.secretStoreReadiness)(async (ctx) => {
  const { current, previous } = await envMasterKeys();
  const generated = await generatedMasterKey(ctx);
  const currentKeyId =
    current.state === "valid" ? current.key.keyId : current.state === "absent" ? generated?.keyId : undefined;
  const atHand = new Set<string>();
  for (const key of [current, previous]) if (key.state === "valid") atHand.add(key.key.keyId);
  const keys = await keysInUse(ctx, currentKeyId, atHand);
  const absent = generated ? "generated" : "absent";
  const masterKey = ({ valid: "env", invalid: "invalid", absent } as const)[current.state];
  const issues = [
    ...currentIssues(current, generated !== null),
    ...previousIssues(current, previous),
    ...keys.flatMap(keyIssues),
  ];
  return { masterKey, issues, keys };
});

function currentIssues(current: EnvKey, hasGenerated: boolean): Issue[] {
  if (current.state === "invalid") {
    const message = `AGENT_FACTORY_MASTER_KEY is not a master key, it ${current.fault}; secrets cannot be imported. ${MASTER_KEY_FIX}`;
    return [{ code: "master_key_invalid", message }];
  }
  if (current.state === "valid") {
    if (!isWeakMasterKey(current.key.bytes)) return [];
    const message = `AGENT_FACTORY_MASTER_KEY does not look random, so it can be guessed. ${MASTER_KEY_FIX}`;
    return [{ code: "master_key_weak", message }];
  }
  if (!hasGenerated) {
    const message = `No master key is set. With the first secret the component will generate one and keep it in its own database, next to what it seals. ${MASTER_KEY_FIX}`;
    return [{ code: "master_key_absent", message }];
  }
  const message = `The master key was generated and is kept in the component's database: a leaked row or log reveals no secret, but a full export of the database does. ${MASTER_KEY_FIX} Secrets sealed before stay readable; move them to it with rewrapSecrets.`;
  return [{ code: "master_key_generated", message }];
}

function previousIssues(current: EnvKey, previous: EnvKey): Issue[] {
  if (previous.state === "absent") return [];
  if (previous.state === "invalid") {
    const message = `AGENT_FACTORY_MASTER_KEY_PREVIOUS is not a master key, it ${previous.fault}. Set it to the key before the last rotation, or remove it.`;
    return [{ code: "previous_master_key_invalid", message }];
  }
  if (current.state === "valid" && current.key.keyId === previous.key.keyId) {
    const message =
      "AGENT_FACTORY_MASTER_KEY_PREVIOUS is the same key as AGENT_FACTORY_MASTER_KEY. Set it to the key before the last rotation, or remove it.";
    return [{ code: "previous_master_key_same", message }];
  }
  return [];
}

function keyIssues({ keyId, state, secrets, capped }: KeyInUse): Issue[] {
  const count = `${secrets}${capped ? " or more" : ""} active secret${secrets === 1 ? "" : "s"}`;
  if (state === "missing") {
    const message = `Master key ${keyId} is not available, and ${count} cannot be opened without it. Set it as AGENT_FACTORY_MASTER_KEY_PREVIOUS or import those secrets again.`;
    return [{ code: "secret_key_unavailable", message }];
  }
  if (state === "older") {
    const message = `Master key ${keyId} still seals ${count}. Run rewrapSecrets, and remove the key when rewrapProgress is done.`;
    return [{ code: "secrets_need_rewrap", message }];
  }
  return [];
}

/** The keys of active secrets, by skipping from each key id to the next along the index. */
async function keysInUse(
  ctx: QueryCtx,
  currentKeyId: string | undefined,
  atHand: ReadonlySet<string>,
): Promise<KeyInUse[]> {
  const keys: KeyInUse[] = [];
  const budget = countBudget();
  for (let after = ""; keys.length < MAX_KEY_IDS;) {
    const next = await firstOfNextKey(ctx, true, after);
    if (!next) break;
    const { keyId } = next;
    const { count, capped } = await countSealed(ctx, true, { keyId }, budget);
    const isAtHand = atHand.has(keyId) || (await isGenerated(ctx, keyId));
    const state = keyId === currentKeyId ? "current" : isAtHand ? "older" : "missing";
    keys.push({ keyId, state, secrets: Math.max(count, 1), capped });
    after = keyId;
  }
  return keys;
}

const isGenerated = async (ctx: QueryCtx, keyId: string): Promise<boolean> =>
  (await ctx.db
    .query("masterKeys")
    .withIndex("by_keyId", (q) => q.eq("keyId", keyId))
    .first()) !== null;
