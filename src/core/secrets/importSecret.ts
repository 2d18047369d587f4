/**
 * Stores a new version of a secret and makes it the active one. Writes `secrets` (the new row, and the one it replaces),
 * a line in the audit log and, without a master key, `masterKeys`. Invariant: at most one active row per ref, and it has
 * the highest version.
 */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/secrets.js";
import { encodeSecretValue } from "../../policy/secrets/sealEnvelope.js";
import type { Bytes } from "../../policy/secrets/masterKey.js";
import {
  isSecretRef,
  MAX_SECRET_BYTES,
  MAX_SECRET_METADATA_CHARS,
} from "../../policy/secrets/secretShape.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { sealSecret } from "./seal.js";
import { activeSecret } from "./vault.js";

export const importSecret = asMutation(contract.importSecret)(async (
  ctx,
  { secretRef, plaintextValue, metadata },
) => {
  const value = checkSecret(secretRef, plaintextValue, metadata);
  const newest = await ctx.db
    .query("secrets")
    .withIndex("by_secretRef_and_version", (q) => q.eq("secretRef", secretRef))
    .order("desc")
    .first();
  const version = (newest?.version ?? 0) + 1;
  const replaced = newest?.active ? newest : await activeSecret(ctx, secretRef);
  if (replaced) await ctx.db.patch(replaced._id, { active: false, supersededAt: Date.now() });
  const secretId = await ctx.db.insert("secrets", {
    ...(await sealSecret(ctx, { secretRef, version }, value)),
    secretRef,
    version,
    active: true,
    rotatedFrom: replaced?._id,
    metadata,
  });
  await recordAct(ctx, {
    kind: replaced ? "secret.rotated" : "secret.imported",
    actor: "host",
    subject: secretRef,
    detail: { version: String(version) },
  });
  return { secretId, secretRef, version };
});

/** The value's bytes. Refusals name the ref and the limit, never the value; nothing is trimmed. */
function checkSecret(
  secretRef: string,
  plaintext: string,
  metadata: Record<string, string> | undefined,
): Bytes {
  if (!isSecretRef(secretRef)) {
    throw factoryError(
      "secret_ref_invalid",
      "A secretRef is 1 to 200 letters, digits, dots, underscores and hyphens, such as 'env.OPENAI_API_KEY'.",
    );
  }
  if (plaintext === "")
    throw factoryError("secret_empty", `Secret '${secretRef}' has an empty value.`, { secretRef });
  // Before encoding: a character is at least one byte, so this also bounds the work.
  const value = plaintext.length > MAX_SECRET_BYTES ? undefined : encodeSecretValue(plaintext);
  if (value === null) {
    const message = `The value of secret '${secretRef}' is not well-formed Unicode; encode binary values as base64.`;
    throw factoryError("invalid_argument", message, { secretRef, argument: "plaintextValue" });
  }
  if (value === undefined || value.length > MAX_SECRET_BYTES) {
    throw factoryError(
      "secret_too_large",
      `The value of secret '${secretRef}' is longer than ${MAX_SECRET_BYTES} bytes.`,
      { secretRef, maxBytes: MAX_SECRET_BYTES },
    );
  }
  if (metadata && JSON.stringify(metadata).length > MAX_SECRET_METADATA_CHARS) {
    throw factoryError(
      "metadata_too_large",
      `The metadata of secret '${secretRef}' is longer than ${MAX_SECRET_METADATA_CHARS} characters of JSON.`,
      { secretRef, maxChars: MAX_SECRET_METADATA_CHARS },
    );
  }
  return value;
}
