/** The only code that turns secrets into rows. */
import {
  DATA_KEY_BYTES,
  ENVELOPE_FORMAT,
  NONCE_BYTES,
  type SecretVersion,
} from "../../policy/secrets/envelope.js";
import type { Bytes } from "../../policy/secrets/masterKey.js";
import { sealEnvelope } from "../../policy/secrets/sealEnvelope.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { requireMasterKey } from "./currentKey.js";

/** The sealed columns of a `secrets` row. Generates a master key when there is none; throws `master_key_invalid`. */
export async function sealSecret(
  ctx: MutationCtx,
  bound: SecretVersion,
  value: Bytes,
): Promise<Pick<Doc<"secrets">, "encryptedValue" | "wrappedKey" | "keyId" | "algorithm">> {
  const master = await requireMasterKey(ctx);
  const sealed = await sealEnvelope(master, bound, value, {
    dataKey: crypto.getRandomValues(new Uint8Array(DATA_KEY_BYTES)),
    wrapNonce: crypto.getRandomValues(new Uint8Array(NONCE_BYTES)),
    valueNonce: crypto.getRandomValues(new Uint8Array(NONCE_BYTES)),
  });
  return {
    encryptedValue: sealed.encryptedValue.buffer,
    wrappedKey: sealed.wrappedKey.buffer,
    keyId: master.keyId,
    algorithm: ENVELOPE_FORMAT,
  };
}
