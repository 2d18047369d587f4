/** Where the bytes of bundled code come from, by the comments in which the bundler names each source file. */

const SOURCE_COMMENT = /^\/\/ (\S+\.[cm]?[jt]sx?)$/gm;
/** What the bundler adds itself: imports and exports of chunks, small helpers. */
const BUNDLER = "(bundler)";

/** Bytes per package and source folder, or per source file, largest first. */
export function bytesBySource(
  texts: readonly string[],
  by: "folder" | "file" = "folder",
): [source: string, bytes: number][] {
  const sizes = new Map<string, number>();
  const add = (source: string, text: string) =>
    sizes.set(source, (sizes.get(source) ?? 0) + Buffer.byteLength(text));
  for (const text of texts) {
    let source = BUNDLER;
    let start = 0;
    for (const match of text.matchAll(SOURCE_COMMENT)) {
      add(source, text.slice(start, match.index));
      source = by === "folder" ? folderOf(match[1]!) : match[1]!;
      start = match.index;
    }
    const end = text.lastIndexOf("\nexport {");
    const stop = end > start ? end : text.length;
    add(source, text.slice(start, stop));
    add(BUNDLER, text.slice(stop));
  }
  return [...sizes].sort(([, a], [, b]) => b - a);
}

/** `@scope/name` or `name` of a package; of our own files the folder. */
function folderOf(file: string): string {
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file);
  if (inPackage !== null) return inPackage[1]!;
  return file.slice(0, Math.max(0, file.lastIndexOf("/"))) || file;
}
