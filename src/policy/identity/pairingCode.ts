/** What a pairing code looks like and how long it lives. */

/** 128 bits: the code is guessable by nobody, and its 22 characters fit a link's parameter at every channel. */
export const PAIRING_CODE_BYTES = 16;
const DEFAULT_TTL_MS = 900_000;
const MIN_TTL_MS = 60_000;
const MAX_TTL_MS = 86_400_000;

/** base64url without padding: `A-Za-z0-9_-`, which links can carry. Give it bytes of a CSPRNG. */
export function pairingCodeOf(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Anything that is no number counts as not given. */
export function pairingTtlMs(wanted: number | undefined): number {
  if (wanted === undefined || Number.isNaN(wanted)) return DEFAULT_TTL_MS;
  return Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, Math.floor(wanted)));
}
