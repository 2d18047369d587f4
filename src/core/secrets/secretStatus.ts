/** Which secrets have a value, and their history, without opening any. */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/secrets.js";
import { asQuery } from "../functions.js";
import { activeSecret, requireKnownSecret } from "./vault.js";

/** Rows carry values of up to 64 KiB: 100 of them stay well below the 16 MiB that a query may read. */
const MAX_REFS = 100;

export const secretStatus = asQuery(contract.secretStatus)(async (ctx, { secretRefs }) => {
  const distinct = new Set(secretRefs);
  if (distinct.size > MAX_REFS) {
    const message = `At most ${MAX_REFS} different secretRefs can be asked for at once.`;
    throw factoryError("invalid_argument", message, { argument: "secretRefs", max: MAX_REFS });
  }
  const versions = new Map<string, number>();
  for (const secretRef of distinct) {
    const row = await activeSecret(ctx, secretRef);
    if (row) versions.set(secretRef, row.version);
  }
  return secretRefs.map((secretRef) => {
    const version = versions.get(secretRef) ?? null;
    return { secretRef, hasActive: version !== null, version };
  });
});

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
