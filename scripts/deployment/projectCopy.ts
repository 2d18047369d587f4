/** A throw-away copy of the sources the Convex CLI reads, so that checking never writes to the working tree. */
import { cp, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const COPIED = ["package.json", "convex.json", "tsconfig.json", "src", "example"];

/**
 * The copy shares `node_modules` by symlink and is removed when `work` ends, however it ends.
 * @param further files and folders to copy besides, for tools that are to run inside the copy.
 */
export async function withProjectCopy<T>(
  root: string,
  work: (copy: string) => Promise<T>,
  further: readonly string[] = [],
): Promise<T> {
  const copy = await realpath(await mkdtemp(path.join(tmpdir(), "agent-factory-copy-")));
  try {
    for (const entry of [...COPIED, ...further])
      await cp(path.join(root, entry), path.join(copy, entry), { recursive: true });
    await symlink(path.join(root, "node_modules"), path.join(copy, "node_modules"), "dir");
    return await work(copy);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
