/**
 * The skills directory. A skill's directory is ours when it has our marker as a regular file; everything else is someone
 * else's and never touched. Links are never followed: what looks like a directory but is a link is someone else's too.
 */
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { moveEntry } from "../files/moveEntry.js";
import { readRegularFile } from "../files/openRegular.js";
import { factsAt, loosen, rawPath } from "../files/rawPath.js";
import { removeTree } from "../files/removeTree.js";
import { MANAGED_BY, MARKER_PATH } from "../../../src/policy/skills/bundle.js";

const STAGING_PREFIX = ".skills-staging-";
/** A file in a skill is at most 600 KB; a larger one is not what was approved and is not read. */
const MAX_READ_BYTES = 1024 * 1024;

export type Entry = "absent" | "ours" | "foreign";

/** What stands at `name` in the skills directory. */
export async function entryAt(skillsDir: string, name: string): Promise<Entry> {
  const directory = path.join(skillsDir, name);
  const facts = await factsAt(directory);
  if (facts === null) return "absent";
  if (!facts.isDirectory()) return "foreign";
  await loosen(rawPath(directory), facts);
  const marker = await readRegular(path.join(directory, MARKER_PATH));
  return marker !== null && isOurMarker(marker) ? "ours" : "foreign";
}

/** A marker that cannot be read is still ours, so that damaging it does not make a withdrawn skill stay. */
function isOurMarker(marker: Buffer): boolean {
  const zMarker = z.object({ managedBy: z.string() });
  try {
    const parsed = zMarker.safeParse(JSON.parse(marker.toString("utf8")));
    return !parsed.success || parsed.data.managedBy === MANAGED_BY;
  } catch {
    return true;
  }
}

/** The names of all directories that are ours. */
export async function ourDirectories(skillsDir: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of await readdir(skillsDir)) {
    if (!name.startsWith(STAGING_PREFIX) && (await entryAt(skillsDir, name)) === "ours") names.push(name);
  }
  return names;
}

/** Every file below a directory with its SHA-256; null when there is something else than files and directories in it. */
export async function hashesOf(directory: string): Promise<Map<string, string> | null> {
  const hashes = new Map<string, string>();
  const visit = async (relative: string): Promise<boolean> => {
    for (const entry of await readdir(path.join(directory, relative), { withFileTypes: true })) {
      const below = relative === "" ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!(await visit(below))) return false;
        continue;
      }
      const content = entry.isFile() ? await readRegular(path.join(directory, below)) : null;
      if (content === null) return false;
      hashes.set(below, createHash("sha256").update(content).digest("hex"));
    }
    return true;
  };
  return (await visit("")) ? hashes : null;
}

/** The bytes of a regular file of reasonable size, or null. */
export async function readRegular(file: string): Promise<Buffer | null> {
  const facts = await factsAt(file);
  if (!facts?.isFile()) return null;
  if ((facts.mode & 0o400) === 0) await chmod(file, 0o600).catch(() => undefined);
  return await readRegularFile(file, MAX_READ_BYTES);
}

/** A private place beside the skills, on the same file system, so that renaming is atomic. */
export interface Staging {
  /** Writes a directory with these files, out of sight. */
  prepare(name: string, files: ReadonlyMap<string, Buffer>): Promise<void>;
  /** Puts a prepared directory in its place; the one that was there is gone in the same moment or comes back. */
  publish(name: string): Promise<void>;
  /** Takes a directory away in one step. */
  withdraw(name: string): Promise<void>;
  /** Replaces a file beside the skills in one step. */
  replaceFile(name: string, content: string): Promise<void>;
  discard(): Promise<void>;
}

export async function openStaging(skillsDir: string): Promise<Staging> {
  await mkdir(skillsDir, { recursive: true });
  const facts = await factsAt(skillsDir);
  if (facts !== null) await loosen(rawPath(skillsDir), facts);
  await removeLeftovers(skillsDir);
  const staging = await mkdtemp(path.join(skillsDir, STAGING_PREFIX));
  const fresh = path.join(staging, "new");
  const old = path.join(staging, "old");
  await mkdir(fresh);
  await mkdir(old);
  return {
    async prepare(name, files) {
      for (const [relative, content] of files) {
        const target = path.join(fresh, name, ...relative.split("/"));
        await mkdir(path.dirname(target), { recursive: true });
        // A script says itself by whom it is run.
        const mode = content.subarray(0, 2).toString("latin1") === "#!" ? 0o755 : 0o644;
        await writeFile(target, content, { flag: "wx", mode });
      }
    },
    async publish(name) {
      const target = path.join(skillsDir, name);
      const replaced = (await factsAt(target)) !== null;
      if (replaced) await moveEntry(target, path.join(old, name));
      try {
        await rename(path.join(fresh, name), target);
      } catch (error) {
        if (replaced) await rename(path.join(old, name), target);
        throw error;
      }
    },
    withdraw: (name) => moveEntry(path.join(skillsDir, name), path.join(old, name)),
    async replaceFile(name, content) {
      const prepared = path.join(staging, "file");
      await writeFile(prepared, content);
      await rename(prepared, path.join(skillsDir, name));
    },
    discard: () => removeTree(staging),
  };
}

/** Of a worker that was killed while it wrote. */
async function removeLeftovers(skillsDir: string): Promise<void> {
  for (const name of await readdir(skillsDir)) {
    if (name.startsWith(STAGING_PREFIX)) await removeTree(path.join(skillsDir, name));
  }
}
