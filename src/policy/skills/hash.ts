/** The hashes of skills: SHA-256 over UTF-8, in lower-case hex. Each is a function of the content alone. */
import { sha256Hex } from "../text/sha256.js";

export interface HashedFile {
  path: string;
  sha256: string;
}
export interface HashedSkill {
  slug: string;
  version: string;
  skillDirName: string;
  files: readonly HashedFile[];
}

/** One hash over a set of files; their order does not matter. */
export async function filesHash(files: readonly HashedFile[]): Promise<string> {
  const lines = files.map(({ path, sha256 }) => `${sha256} ${path}`).sort();
  return await sha256Hex(lines.join("\n"));
}

/** One hash over everything that a set of skills puts on a disk; their order does not matter. */
export async function contentHash(skills: readonly HashedSkill[]): Promise<string> {
  const lines: string[] = [];
  for (const { slug, version, skillDirName, files } of skills)
    lines.push(`${skillDirName} ${slug}@${version} ${await filesHash(files)}`);
  return await sha256Hex(lines.sort().join("\n"));
}

/** 1.0.11's: over `slug@version:sha256` joined by `|`, in the order of slugs, or over `empty`. */
export async function manifestVersion(
  skills: readonly { slug: string; version: string; sha256: string }[],
): Promise<string> {
  const lines = skills.map(({ slug, version, sha256 }) => `${slug}@${version}:${sha256}`);
  return await sha256Hex(lines.length === 0 ? "empty" : lines.join("|"));
}

/**
 * The bundle hash that newer published worker images check: over `path\nsha256\ncontent` of every file but the marker,
 * in the manifest's order, joined by `\n---\n`.
 */
export async function publishedBundleHash(
  files: readonly { path: string; sha256: string; content: string }[],
  markerPath: string,
): Promise<string> {
  const parts = files
    .filter(({ path }) => path !== markerPath)
    .map(({ path, sha256, content }) => `${path}\n${sha256}\n${content}`);
  return await sha256Hex(parts.join("\n---\n"));
}
