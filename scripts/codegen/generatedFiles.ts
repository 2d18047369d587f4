/** Reads and compares generated files. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** File path relative to the root -> content. */
export type FileMap = ReadonlyMap<string, string>;

/** Whether a file of the project is written by `npm run codegen`. */
export const isGenerated = (file: string): boolean =>
  /\/_generated\/|\.generated\.ts$|^src\/component\/lib\.ts$|^src\/core\/inline\.ts$|^docs\/reference\.md$/.test(
    file,
  );

/** The included ones among the files below the given folders; a folder that does not exist yet counts as empty. */
export async function readFiles(
  root: string,
  folders: readonly string[],
  isIncluded: (file: string) => boolean = () => true,
): Promise<FileMap> {
  const files = new Map<string, string>();
  for (const folder of folders) {
    const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true }).catch(
      (error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
        throw error;
      },
    );
    for (const entry of entries) {
      const file = path.join(entry.parentPath, entry.name);
      const name = path.relative(root, file);
      if (entry.isFile() && isIncluded(name)) files.set(name, await readFile(file, "utf8"));
    }
  }
  return files;
}

export type Drift = { readonly file: string; readonly kind: "changed" | "missing" | "stray" };

/** What must change on disk to equal the freshly generated files, sorted by path. */
export function driftOf(onDisk: FileMap, generated: FileMap): Drift[] {
  const drift: Drift[] = [];
  for (const [file, content] of generated) {
    const existing = onDisk.get(file);
    if (existing === undefined) drift.push({ file, kind: "missing" });
    else if (existing !== content) drift.push({ file, kind: "changed" });
  }
  for (const file of onDisk.keys()) if (!generated.has(file)) drift.push({ file, kind: "stray" });
  return drift.sort((a, b) => (a.file < b.file ? -1 : 1));
}
