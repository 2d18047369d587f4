/** `.skills.lock.json`: what was written last, so that an unchanged set costs one small question. Never trusted by itself. */
import path from "node:path";
import { z } from "zod";
import { contentHash } from "../../../src/policy/skills/hash.js";
import { hashesOf, readRegular } from "./disk.js";
import type { IndexSkill, SkillsIndex } from "./skillsTransport.js";
import { parseJson } from "../../../src/policy/text/parseJson.js";

export const LOCK_NAME = ".skills.lock.json";

const zLock = z.object({
  manifestVersion: z.string(),
  contentHash: z.string(),
  skills: z.array(
    z.object({
      slug: z.string(),
      version: z.string(),
      skillDirName: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
      files: z.array(z.object({ path: z.string(), sha256: z.string() })),
    }),
  ),
});
export type Lock = z.infer<typeof zLock>;

export const lockText = (index: SkillsIndex, releaseChannel: string): string => {
  const skills = index.skills.map(({ slug, version, skillDirName, files }) => ({
    slug,
    version,
    skillDirName,
    files: files.map(({ path, sha256 }) => ({ path, sha256 })),
  }));
  const { manifestVersion, contentHash } = index;
  return `${JSON.stringify({ manifestVersion, contentHash, releaseChannel, skills }, null, 2)}\n`;
};

/**
 * The lock, if it is consistent with itself and with every file on the disk; else null. Then its content hash is a true
 * statement about the disk, whoever wrote it.
 */
export async function trustworthyLock(skillsDir: string): Promise<Lock | null> {
  const bytes = await readRegular(path.join(skillsDir, LOCK_NAME));
  const parsed = zLock.safeParse(bytes && parseJson(bytes.toString("utf8")));
  if (!parsed.success || (await contentHash(parsed.data.skills)) !== parsed.data.contentHash) return null;
  for (const skill of parsed.data.skills) if (!(await isOnDisk(skillsDir, skill))) return null;
  return parsed.data;
}

/** true when the directory holds exactly these files. */
export async function isOnDisk(
  skillsDir: string,
  { skillDirName, files }: Pick<IndexSkill, "skillDirName" | "files">,
): Promise<boolean> {
  const found = await hashesOf(path.join(skillsDir, skillDirName)).catch(() => null);
  return (
    found !== null &&
    found.size === files.length &&
    files.every(({ path, sha256 }) => found.get(path) === sha256)
  );
}
