/**
 * The vault: the only code that turns rows into secrets; `seal.ts` is the way back. What comes out goes to hydration or into
 * the action that uses it, never into a row, a log, an error or the arguments of a scheduled function.
 */
import { factoryError } from "../../contract/errors.js";
import { openEnvelope } from "../../policy/secrets/envelope.js";

import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { findMasterKey } from "./keyRing.js";
import { cutText } from "../../policy/text/cut.js";

/** A context that notes, for the audit log, which secrets are opened through it. */
export type OpeningCtx = (QueryCtx | MutationCtx) & { readonly openedSecrets?: Set<string> };

/**
 * The active value of a secret, or null when there is none. Reads at most 2 documents. Throws `secret_key_unavailable`
 * when the key it was sealed with is nowhere to be found, `master_key_invalid` when the environment holds no usable key
 * and that may be why, `secret_damaged` when the row was altered.
 */
export async function openSecret(ctx: OpeningCtx, secretRef: string): Promise<string | null> {
  const row = await activeSecret(ctx, secretRef);
  if (!row) return null;
  const { version, keyId } = row;
  const master = await findMasterKey(ctx, keyId);
  if (!master) {
    throw factoryError(
      "secret_key_unavailable",
      `Secret '${secretRef}' version ${version} was sealed with master key ${keyId}, which is not available. Set that ` +
        "key as AGENT_FACTORY_MASTER_KEY_PREVIOUS, or import the secret again.",
      { secretRef, version, keyId },
    );
  }
  const value = await openEnvelope(master, { secretRef, version }, row);
  if (value === null) {
    throw factoryError(
      "secret_damaged",
      `Secret '${secretRef}' version ${version} cannot be opened: its row was altered. Import the secret again.`,
      { secretRef, version, keyId },
    );
  }
  ctx.openedSecrets?.add(secretRef);
  return value;
}

/** Throws `secret_not_found` for a ref that never had a version, or whose last one is forgotten. */
export async function requireKnownSecret(ctx: QueryCtx | MutationCtx, secretRef: string): Promise<void> {
  const row = await ctx.db
    .query("secrets")
    .withIndex("by_secretRef_and_version", (q) => q.eq("secretRef", secretRef))
    .first();
  if (!row)
    throw factoryError("secret_not_found", `There is no secret '${cutText(secretRef, 200)}'.`, {
      argument: "secretRef",
    });
}

/** The active row of a secret, still sealed. */
export async function activeSecret(
  ctx: QueryCtx | MutationCtx,
  secretRef: string,
): Promise<Doc<"secrets"> | null> {
  return await ctx.db
    .query("secrets")
    .withIndex("by_secretRef_and_active", (q) => q.eq("secretRef", secretRef).eq("active", true))
    .order("desc")
    .first();
}
