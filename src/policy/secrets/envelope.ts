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
 * worked examples.
 */
import { deriveKeyBytes, type Bytes, type MasterKey } from "./masterKey.js";

export const ENVELOPE_FORMAT = "af1";
export const DATA_KEY_BYTES = 32;
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const WRAPPED_KEY_BYTES = NONCE_BYTES + DATA_KEY_BYTES + TAG_BYTES;

/** What an envelope is bound to: it opens as this version of this secret and as nothing else. */
export interface SecretVersion {
  secretRef: string;
  version: number;
}

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

// `ignoreBOM` keeps a leading U+FEFF, which is otherwise dropped silently.
const decodeSecretValue = (bytes: BufferSource): string =>
  new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

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

const wrappingKeyOf = (master: MasterKey): Promise<Bytes> => deriveKeyBytes(master, "agent-factory/af1/wrap");

const wrapData = (keyId: string, { secretRef, version }: SecretVersion): Bytes =>
  new TextEncoder().encode(`agent-factory/af1/wrap\n${keyId}\n${secretRef}\n${version}`);
const valueData = ({ secretRef, version }: SecretVersion): Bytes =>
  new TextEncoder().encode(`agent-factory/af1/value\n${secretRef}\n${version}`);

async function encrypt(key: Bytes, nonce: Bytes, plain: Bytes, associated: Bytes): Promise<Bytes> {
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const params = { name: "AES-GCM", iv: nonce, additionalData: associated, tagLength: 8 * TAG_BYTES };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(params, aes, plain));
  const whole = new Uint8Array(nonce.length + sealed.length);
  whole.set(nonce);
  whole.set(sealed, nonce.length);
  return whole;
}

async function decrypt(key: Bytes, whole: Bytes, associated: Bytes): Promise<Bytes | null> {
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
