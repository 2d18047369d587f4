/**
 * JSON Web Tokens as worker tokens use them (RFC 7519): the compact form, HS256, a key that is named by `kid`; nothing else.
 * WebCrypto signs and compares, the latter in constant time. A JOSE library would add 26 kB to every call of a worker, most
 * of them for algorithms that are refused here; the tests check this against one.
 */
import type { Bytes } from "../secrets/masterKey.js";

type Json = Readonly<Record<string, unknown>>;

const ALGORITHM = "HS256";
const HMAC = { name: "HMAC", hash: "SHA-256" };

/** The token; `claims` as they are, times in seconds. */
export async function signJwt(claims: Json, kid: string, key: Bytes): Promise<string> {
  const signed = `${encodeJson({ alg: ALGORITHM, typ: "JWT", kid })}.${encodeJson(claims)}`;
  const signature = await crypto.subtle.sign(HMAC, await importKey(key, "sign"), utf8(signed));
  return `${signed}.${encodeBytes(new Uint8Array(signature))}`;
}

export interface UnverifiedJwt {
  /** The name of the key that is said to have signed it. */
  kid: string;
  /** What it claims, or null when this key did not sign it: nothing of a token is looked at before. */
  open: (key: Bytes) => Promise<Json | null>;
}

/** A text as a token of this form, or null when it is none: whoever wrote it, it proves nothing yet. */
export function parseJwt(token: string): UnverifiedJwt | null {
  const [header = "", claims = "", signature = "", ...more] = token.split(".");
  if (more.length > 0) return null;
  const { alg, kid, crit } = decodeJson(header) ?? {};
  // `crit` lists extensions that must be understood (RFC 7515, 4.1.11); none is.
  if (alg !== ALGORITHM || typeof kid !== "string" || crit !== undefined) return null;
  const proof = decodeBytes(signature);
  if (proof === null) return null;
  const open = async (key: Bytes): Promise<Json | null> => {
    const isSigned = await crypto.subtle.verify(
      HMAC,
      await importKey(key, "verify"),
      proof,
      utf8(`${header}.${claims}`),
    );
    return isSigned ? decodeJson(claims) : null;
  };
  return { kid, open };
}

/** What is wrong with the registered claims at `now` (epoch ms), or null. A time must be a number; `nbf` may be absent. */
export function registeredClaimsFault(
  { iss, jti, iat, exp, nbf }: Json,
  issuer: string,
  now: number,
): "invalid" | "expired" | null {
  const seconds = Math.floor(now / 1000);
  if (iss !== issuer || typeof jti !== "string" || !isTime(iat) || !isTime(exp)) return "invalid";
  if (nbf !== undefined && !(isTime(nbf) && nbf <= seconds)) return "invalid";
  return exp <= seconds ? "expired" : null;
}

const isTime = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
const importKey = (key: Bytes, usage: "sign" | "verify"): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", key, HMAC, false, [usage]);

/** base64url without padding. */
const encodeBytes = (bytes: Bytes): string =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

/** Null for anything but the one way to write these bytes: no padding, no white space, no stray bits at the end. */
function decodeBytes(text: string): Bytes | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return null;
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return encodeBytes(bytes) === text ? bytes : null;
}

const encodeJson = (value: Json): string => encodeBytes(utf8(JSON.stringify(value)));

/** The JSON object that a part holds, or null. */
function decodeJson(part: string): Json | null {
  const bytes = decodeBytes(part);
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    return null;
  }
}
