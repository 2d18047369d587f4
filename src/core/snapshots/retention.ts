/** How long what is not needed any more is kept. */

/** `expiresAt` of a snapshot that stays: the last moment a `Date` can express. */
export const NEVER = 8.64e15;
/** A restore that is under way may still read a superseded archive. An upload URL lives as long. */
export const SUPERSEDED_GRACE_MS = 3_600_000;
