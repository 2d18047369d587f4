/** Rows as callers see them. */
import type { BindingView, PairingView } from "../../contract/identity.js";
import { errorDataOf } from "../../contract/errors.js";
import { contactFields, sourceField } from "../../policy/compat/contacts.js";
import { openEnvelope } from "../../policy/secrets/envelope.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { findMasterKey } from "../secrets/keyRing.js";

export const bindingView = (row: Doc<"identityBindings">): BindingView => ({
  consumerUserId: row.consumerUserId,
  agentKey: row.agentKey,
  status: row.status,
  source: sourceField(row.source),
  ...contactFields(row),
  metadata: row.metadata ?? null,
  boundAt: row.boundAt,
  revokedAt: row.revokedAt ?? null,
});

/** `code` as the caller named it or the vault gave it. */
export const pairingView = (row: Doc<"pairingCodes">, code: string): PairingView => ({
  code,
  consumerUserId: row.consumerUserId,
  agentKey: row.agentKey,
  status: row.status,
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
  usedAt: row.usedAt ?? null,
  ...contactFields(row),
});

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
