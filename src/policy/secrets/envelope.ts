/**
 * The envelope format `af1`. All text is UTF-8, `|` is concatenation, `\n` one byte 0x0a.
 *
 *   wrapping key   = HKDF-SHA256(master key, no salt, info "agent-factory/af1/wrap"), 32 bytes
 *   data key       = 32 random bytes, drawn for this version of this secret alone
 *
 *   wrappedKey     bytes  0..11  nonce, random
 *                  bytes 12..43  AES-256-GCM(wrapping key, data key)
 *                  bytes 44..59  tag
 *                  associated data: "agent-factory/af1/wrap\n" | keyId | "\n" | secretRef | "\n" | version (decimal)
 *
 *   encryptedValue bytes  0..11  nonce, random
 *                  bytes 12..n+11   AES-256-GCM(data key, value as UTF-8), n = length of the value in bytes
 *                  bytes n+12..n+27 tag
 *                  associated data: "agent-factory/af1/value\n" | secretRef | "\n" | version (decimal)
 *
 * Refs cannot contain a newline and key ids are hex, so the associated data has one reading only. The value is not bound
 * to the key id: a change of the master key rewraps 60 bytes and leaves the value alone. `envelope.vectors.json` has
 * worked examples. Here they are opened; `sealEnvelope.ts` makes them.
 */
import { deriveKeyBytes, type Bytes, type MasterKey } from "./masterKey.js";

export const ENVELOPE_FORMAT = "af1";
export const DATA_KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
export const WRAPPED_KEY_BYTES = NONCE_BYTES + DATA_KEY_BYTES + TAG_BYTES;

/** What an envelope is bound to: it opens as this version of this secret and as nothing else. */
export interface SecretVersion {
  secretRef: string;
  version: number;
}

// `ignoreBOM` keeps a leading U+FEFF, which is otherwise dropped silently.
export const decodeSecretValue = (bytes: BufferSource): string =>
  new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

/** The value, or null when the envelope was altered, belongs to another secret or version, or to another key. */
export async function openEnvelope(
  master: MasterKey,
  bound: SecretVersion,
  sealed: { wrappedKey: ArrayBuffer | Bytes; encryptedValue: ArrayBuffer | Bytes },
): Promise<string | null> {
  const wrappedKey = new Uint8Array(sealed.wrappedKey);
  const encryptedValue = new Uint8Array(sealed.encryptedValue);
  if (wrappedKey.length !== WRAPPED_KEY_BYTES || encryptedValue.length < NONCE_BYTES + TAG_BYTES) return null;
  const dataKey = await decrypt(await wrappingKeyOf(master), wrappedKey, wrapData(master.keyId, bound));
  const value = dataKey && (await decrypt(dataKey, encryptedValue, valueData(bound)));
  return value && decodeSecretValue(value);
}

export const wrappingKeyOf = (master: MasterKey): Promise<Bytes> =>
  deriveKeyBytes(master, "agent-factory/af1/wrap");

export const wrapData = (keyId: string, { secretRef, version }: SecretVersion): Bytes =>
  new TextEncoder().encode(`agent-factory/af1/wrap\n${keyId}\n${secretRef}\n${version}`);
export const valueData = ({ secretRef, version }: SecretVersion): Bytes =>
  new TextEncoder().encode(`agent-factory/af1/value\n${secretRef}\n${version}`);

export async function decrypt(key: Bytes, whole: Bytes, associated: Bytes): Promise<Bytes | null> {
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const iv = whole.slice(0, NONCE_BYTES);
  const params = { name: "AES-GCM", iv, additionalData: associated, tagLength: 8 * TAG_BYTES };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(params, aes, whole.slice(NONCE_BYTES)));
  } catch {
    // WebCrypto has one failure for every mismatch, on purpose; which part was wrong must not be told apart.
    return null;
  }
}
