/** The history of a secret, without opening anything. */
import * as contract from "../../contract/secrets.js";
import { asQuery } from "../functions.js";
import { requireKnownSecret } from "./vault.js";

/** Rows carry values of up to 64 KiB: 50 of them are read in 3.2 MiB at most. */
const MAX_VERSIONS = 50;

export const listSecretVersions = asQuery(contract.listSecretVersions)(async (
  ctx,
  { secretRef, beforeVersion },
) => {
  await requireKnownSecret(ctx, secretRef);
  const rows = await ctx.db
    .query("secrets")
    .withIndex("by_secretRef_and_version", (q) =>
      q.eq("secretRef", secretRef).lt("version", beforeVersion ?? Infinity),
    )
    .order("desc")
    .take(MAX_VERSIONS);
  return rows.map(({ version, active, keyId, _creationTime, metadata, supersededAt, wipedAt }) => ({
    version,
    active,
    keyId,
    createdAt: _creationTime,
    metadata,
    supersededAt: supersededAt ?? null,
    wipedAt: wipedAt ?? null,
  }));
});
