/** What a pairing code looks like and how long it lives. */

/** 128 bits: the code is guessable by nobody, and its 22 characters stay below Telegram's 64 for a start parameter. */
export const PAIRING_CODE_BYTES = 16;
const DEFAULT_TTL_MS = 900_000;
const MIN_TTL_MS = 60_000;
const MAX_TTL_MS = 86_400_000;

/** base64url without padding: exactly Telegram's start alphabet, `A-Za-z0-9_-`. Give it bytes of a CSPRNG. */
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

/** The link that opens a chat with the bot and sends the code when the user taps Start. */
export const pairingDeepLink = (botUsername: string, code: string): string =>
  `https://t.me/${botUsername}?start=${code}`;
