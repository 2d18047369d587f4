/**
 * Which paths a skill's files may have. Checked when a skill is deployed and again by the worker that writes them, which
 * trusts no one: a path names the same file below the skill's own directory on every file system, or it is refused.
 */

const MAX_PATH_CHARS = 200;
const MAX_DEPTH = 8;
/** No separators of other systems, drive letters, streams, control characters or look-alikes: plain ASCII names. */
const SEGMENT = /^[A-Za-z0-9._-]+$/;
/** Names that Windows gives to devices, whatever their ending. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Why a path is refused, or null. The path itself is not repeated: it may hold anything. */
export function skillPathFault(path: string): string | null {
  if (path === "") return "is empty";
  if (path.length > MAX_PATH_CHARS) return `is longer than ${MAX_PATH_CHARS} characters`;
  if (path.startsWith("/")) return "is absolute";
  if (path.includes("\\")) return "has a backslash";
  const segments = path.split("/");
  if (segments.length > MAX_DEPTH) return `is deeper than ${MAX_DEPTH} levels`;
  for (const segment of segments) {
    if (segment === "") return "has an empty segment";
    if (/^\.+$/.test(segment)) return "has a segment of dots only";
    if (!SEGMENT.test(segment)) return "has a character outside A-Z a-z 0-9 . _ -";
    if (segment.endsWith(".")) return "has a segment that ends with a dot";
    if (DEVICE.test(segment)) return "has a segment that names a device";
  }
  return null;
}

/**
 * Why a set of paths cannot stand in one directory, or null: each path by itself, then duplicates (also those that differ
 * in case alone) and a file where another path needs a directory.
 */
export function skillPathsFault(paths: readonly string[]): string | null {
  const files = new Set<string>();
  for (const [index, path] of paths.entries()) {
    const fault = skillPathFault(path);
    if (fault !== null) return `files[${index}].path ${fault}`;
    const folded = path.toLowerCase();
    if (files.has(folded)) return `files[${index}].path is there twice (upper and lower case are the same)`;
    files.add(folded);
  }
  for (const [index, path] of paths.entries()) {
    const segments = path.toLowerCase().split("/");
    for (let depth = 1; depth < segments.length; depth++) {
      if (files.has(segments.slice(0, depth).join("/")))
        return `files[${index}].path needs a directory where another file is`;
    }
  }
  return null;
}
