/** What a pairing code looks like and how long it lives; what a chat is asked before it becomes a user's, and told afterwards. */
import { answerOf } from "./pairingAnswer.js";

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

/** Long enough to read it, short enough that nobody meets a forgotten one. */
export const QUESTION_TTL_MS = 10 * 60_000;
/** 64 bits of a CSPRNG, in a command that chats still show as one to tap: at most 32 of `a-z0-9_`. */
export const QUESTION_NONCE_BYTES = 8;

export const nonceOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const MINUTES = QUESTION_TTL_MS / 60_000;

export const questionText = ({ nonce, isBound }: { nonce: string; isBound: boolean }): string =>
  [
    "You opened a link that connects this chat with an account of the app.",
    "Only go on if you made the link yourself, just now: the owner of that account will see what is written here from then on.",
    ...(isBound
      ? ["This chat is connected with an account already. It would be moved to the other one."]
      : []),
    `To connect, tap ${answerOf(nonce)} within ${MINUTES} minutes. If you did not ask for this, do nothing.`,
  ].join("\n\n");

export const connectedText = ({ wasMoved }: { wasMoved: boolean }): string =>
  wasMoved
    ? "This chat is now connected with another account of the app; it is no longer connected with the one before."
    : "This chat is now connected with your account.";

export const LEFT_TEXT =
  "This chat is no longer connected: its account was connected with another chat. If that was not you, see to your account in the app.";
