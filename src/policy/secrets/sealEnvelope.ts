/** Makes envelopes of the format that `envelope.ts` describes, and wraps their keys anew. */
import {
  decodeSecretValue,
  decrypt,
  TAG_BYTES,
  valueData,
  wrapData,
  WRAPPED_KEY_BYTES,
  wrappingKeyOf,
  type SecretVersion,
} from "./envelope.js";
import type { Bytes, MasterKey } from "./masterKey.js";

export interface Envelope {
  wrappedKey: Bytes;
  encryptedValue: Bytes;
}

/** Everything random that a sealing needs; drawn afresh for each one. */
export interface SealingRandomness {
  dataKey: Bytes;
  wrapNonce: Bytes;
  valueNonce: Bytes;
}

/** The value as bytes, or null when it has unpaired surrogates, which UTF-8 cannot carry. */
export function encodeSecretValue(plaintext: string): Bytes | null {
  const bytes = new TextEncoder().encode(plaintext);
  return decodeSecretValue(bytes) === plaintext ? bytes : null;
}

export async function sealEnvelope(
  master: MasterKey,
  bound: SecretVersion,
  value: Bytes,
  random: SealingRandomness,
): Promise<Envelope> {
  const wrappingKey = await wrappingKeyOf(master);
  return {
    wrappedKey: await encrypt(wrappingKey, random.wrapNonce, random.dataKey, wrapData(master.keyId, bound)),
    encryptedValue: await encrypt(random.dataKey, random.valueNonce, value, valueData(bound)),
  };
}

/**
 * The data key of an envelope, wrapped by another master key; the value stays as it is. Null when `from` does not open it
 * as this version of this secret.
 */
export async function rewrapDataKey(
  keys: { from: MasterKey; to: MasterKey },
  bound: SecretVersion,
  wrappedKey: ArrayBuffer | Bytes,
  wrapNonce: Bytes,
): Promise<Bytes | null> {
  const whole = new Uint8Array(wrappedKey);
  if (whole.length !== WRAPPED_KEY_BYTES) return null;
  const { from, to } = keys;
  const dataKey = await decrypt(await wrappingKeyOf(from), whole, wrapData(from.keyId, bound));
  return dataKey && (await encrypt(await wrappingKeyOf(to), wrapNonce, dataKey, wrapData(to.keyId, bound)));
}

async function encrypt(key: Bytes, nonce: Bytes, plain: Bytes, associated: Bytes): Promise<Bytes> {
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const params = { name: "AES-GCM", iv: nonce, additionalData: associated, tagLength: 8 * TAG_BYTES };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(params, aes, plain));
  const whole = new Uint8Array(nonce.length + sealed.length);
  whole.set(nonce);
  whole.set(sealed, nonce.length);
  return whole;
}
