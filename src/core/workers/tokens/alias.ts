/** Opaque paths for the published image, which can only prefix its URL. Only their hashes are kept. */
const ALIAS_BYTES = 32;

/** 256 random bits as base64url, 43 characters. */
export function newAlias(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ALIAS_BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}

/** SHA-256 in hex. Enough without salt or stretching: what is hashed has 256 random bits. */
export async function aliasHash(alias: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(alias)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
