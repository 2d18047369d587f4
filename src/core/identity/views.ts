/** Rows as callers see them. */
import type { BindingView, PairingView } from "../../contract/identity.js";
import { errorDataOf } from "../../contract/errors.js";
import { contactFields, sourceField } from "../../policy/compat/contacts.js";
import { openEnvelope } from "../../policy/secrets/envelope.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { findMasterKey } from "../secrets/keyRing.js";

export function bindingView(row: Doc<"identityBindings">): BindingView {
  const { consumerUserId, agentKey, status, metadata = null, boundAt, revokedAt = null } = row;
  const source = sourceField(row.source);
  return { consumerUserId, agentKey, status, source, ...contactFields(row), metadata, boundAt, revokedAt };
}

/** `code` as the caller named it or the vault gave it. */
export function pairingView(row: Doc<"pairingCodes">, code: string): PairingView {
  const { consumerUserId, agentKey, status, createdAt, expiresAt, usedAt = null } = row;
  return { code, consumerUserId, agentKey, status, createdAt, expiresAt, usedAt, ...contactFields(row) };
}

/** What a sealed code is bound to: it opens as this row's code and as nothing else. */
export const sealedCodeOf = (codeHash: string) => ({ secretRef: `pairing-code.${codeHash}`, version: 1 });

/** The code of a pending pairing, for its owner; null once it is used or expired, or when its key is gone. */
export async function openCode(ctx: QueryCtx, row: Doc<"pairingCodes">): Promise<string | null> {
  if (row.status !== "pending" || row.sealed === undefined) return null;
  try {
    const master = await findMasterKey(ctx, row.sealed.keyId);
    return master && (await openEnvelope(master, sealedCodeOf(row.codeHash), row.sealed));
  } catch (error) {
    // A wrong key in the environment is reported by secretStoreReadiness; a view need not fail for it.
    if (errorDataOf(error) === null) throw error;
    return null;
  }
}
