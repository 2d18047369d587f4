/** What a secret may be called and how long it may be. */

/** 1..200 letters, digits, dots, underscores and hyphens. */
const REF_SHAPE = /^[A-Za-z0-9._-]{1,200}$/;
/** Longest value in bytes of UTF-8. A row stays far below the platform's 1 MiB per document. */
export const MAX_SECRET_BYTES = 64 * 1024;
/** Longest metadata in characters of its JSON. */
export const MAX_SECRET_METADATA_CHARS = 4096;

export const isSecretRef = (ref: string): boolean => REF_SHAPE.test(ref);
