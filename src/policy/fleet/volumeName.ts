/** Names of worker volumes: deterministic, so that a repeated launch finds its volume, and legal everywhere. */

/** The narrowest rule of any provider: lowercase letters, digits and `_`, up to 30 characters. */
const MAX_LENGTH = 30;
const MAX_HASH_LENGTH = 8;

/**
 * The volume of a worker: the sanitised prefix, `_`, and the base 36 FNV-1a hash of the sanitised worker id.
 * @param prefix `volumeName` of the provider configuration; a blank one becomes `vol`.
 */
export function volumeName(prefix: string, workerId: string): string {
  const hash = fnv1a(sanitise(workerId)).toString(36).slice(0, MAX_HASH_LENGTH);
  const room = MAX_LENGTH - hash.length - 1;
  const head = sanitise(prefix).slice(0, room).replace(/_+$/, "");
  return `${head === "" ? "vol" : head}_${hash}`;
}

function sanitise(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .replace(/^_+|_+$/g, "");
}

/** 32 bit FNV-1a over ASCII (offset basis 2166136261, prime 16777619). */
function fnv1a(ascii: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < ascii.length; index += 1) {
    hash = Math.imul(hash ^ ascii.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
