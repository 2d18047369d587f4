/** Master keys: how they are written down, named and told from weak ones. */

/** Bytes in memory of their own, as WebCrypto and `v.bytes()` want them. */
export type Bytes = Uint8Array<ArrayBuffer>;

export interface MasterKey {
  keyId: string;
  bytes: Bytes;
}

/** AES-256. */
export const MASTER_KEY_BYTES = 32;
/** Ends every message about a bad key: what to do, without the value. */
export const MASTER_KEY_FIX =
  "Make one with `openssl rand -base64 32` and set it as the environment variable that the app binds to " +
  "AGENT_FACTORY_MASTER_KEY; base64, base64url and hex of exactly 32 bytes are accepted.";

const HEX = /^[0-9a-fA-F]{64}$/;
/** 32 bytes are 43 characters of base64 and at most one of padding. */
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/** The 32 bytes written as hex, base64 or base64url (surrounding white space ignored), or null for anything else. */
export function decodeMasterKey(text: string): Bytes | null {
  const trimmed = text.trim();
  if (HEX.test(trimmed)) {
    return Uint8Array.from({ length: MASTER_KEY_BYTES }, (_, i) =>
      parseInt(trimmed.slice(2 * i, 2 * i + 2), 16),
    );
  }
  if (!BASE64.test(trimmed)) return null;
  const standard = trimmed.replace(/-/g, "+").replace(/_/g, "/").replace(/=$/, "");
  const bytes = Uint8Array.from(atob(`${standard}=`), (c) => c.charCodeAt(0));
  return bytes.length === MASTER_KEY_BYTES ? bytes : null;
}

/** What is wrong with a text that is no master key, to follow "it …"; tells its length at most. */
export function masterKeyFault(text: string): string {
  const trimmed = text.trim();
  if (/^(?:[0-9a-fA-F]{2})+$/.test(trimmed)) return wrongLength(trimmed.length / 2);
  const digits = /^([A-Za-z0-9+/_-]+)={0,2}$/.exec(trimmed)?.[1];
  if (digits !== undefined && digits.length % 4 !== 1)
    return wrongLength(Math.floor((digits.length * 3) / 4));
  return "is neither base64, base64url nor hex";
}

const wrongLength = (bytes: number): string => `holds ${bytes} bytes instead of ${MASTER_KEY_BYTES}`;

/**
 * The public name of a key: the first 8 bytes, in hex, of SHA-256 over a label, a zero byte and the key. The label keeps
 * it apart from any other hash of the same key; 2^-64 of the keys share a name, so it reveals nothing that helps.
 */
export async function masterKeyOf(bytes: Bytes): Promise<MasterKey> {
  const label = new TextEncoder().encode("agent-factory/key-id/1\0");
  const input = new Uint8Array(label.length + bytes.length);
  input.set(label);
  input.set(bytes, label.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", input));
  return { keyId: Array.from(digest.slice(0, 8), (b) => b.toString(16).padStart(2, "0")).join(""), bytes };
}

/**
 * True for keys that nobody drew at random: 32 random bytes have fewer than 16 different values, or are all printable
 * ASCII (a pass phrase), with a probability below 10^-12.
 */
export function isWeakMasterKey(bytes: Bytes): boolean {
  return new Set(bytes).size < 16 || bytes.every((b) => b >= 0x20 && b < 0x7f);
}

/** A 32-byte key for one purpose: HKDF-SHA256 of the master key, no salt, the purpose as info. */
export async function deriveKeyBytes(master: MasterKey, purpose: string): Promise<Bytes> {
  const root = await crypto.subtle.importKey("raw", master.bytes, "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode(purpose);
  return new Uint8Array(
    await crypto.subtle.deriveBits(
      { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info },
      root,
      256,
    ),
  );
}
