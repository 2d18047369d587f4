/** Which secrets have a value, without opening any. Reads one document per different ref. */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/secrets.js";
import { asQuery } from "../functions.js";
import { activeSecret } from "./vault.js";

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
