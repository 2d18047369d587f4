/** What an index must be before anything is written. The worker checks it as if it came from a stranger. */
import { LAYOUT_VERSION, MARKER_PATH, SKILL_DOC_PATH } from "../../../src/policy/skills/bundle.js";
import { contentHash } from "../../../src/policy/skills/hash.js";
import { sha256Hex } from "../../../src/policy/text/sha256.js";
import { isSkillSlug } from "../../../src/policy/skills/identity.js";
import { skillPathsFault } from "../../../src/policy/skills/paths.js";
import type { IndexSkill, SkillsIndex } from "./skillsTransport.js";

/** The skills were not brought up to date. `message` names a skill and a rule, never a content. */
export class SkillsError extends Error {
  override readonly name = "SkillsError";

  constructor(
    readonly code:
      "skills_manifest_invalid" | "skills_checksum" | "skills_refused" | "skills_unavailable" | "skills_disk",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Throws `skills_manifest_invalid` for another layout, a directory name or path that could lead elsewhere, a missing or
 * doubled file; `skills_checksum` where a content or the whole does not hash to what is said of it. One fault refuses all.
 */
export async function verifyIndex(index: SkillsIndex): Promise<void> {
  if (index.layoutVersion !== LAYOUT_VERSION) throw invalid("unknown layout version");
  const names = new Set<string>();
  for (const [position, skill] of index.skills.entries()) {
    const fault = structuralFault(skill);
    if (fault !== null) throw invalid(`skill ${position}: ${fault}`);
    if (names.has(skill.skillDirName)) throw invalid(`skill ${position}: its directory is there twice`);
    names.add(skill.skillDirName);
    for (const { content, sha256 } of skill.files) {
      if (content !== undefined) await verifyContent(content, sha256, skill.slug);
    }
  }
  if ((await contentHash(index.skills)) !== index.contentHash)
    throw new SkillsError("skills_checksum", "the listing does not match its content hash");
}

export async function verifyContent(content: string, sha256: string, what: string): Promise<void> {
  if ((await sha256Hex(content)) !== sha256)
    throw new SkillsError("skills_checksum", `a file of ${what} does not match its checksum`);
}

function structuralFault({ slug, skillDirName, files }: IndexSkill): string | null {
  if (!isSkillSlug(slug)) return "its slug is not valid";
  // The same alphabet as a slug: one lower-case segment that cannot be hidden and cannot lead elsewhere.
  if (!isSkillSlug(skillDirName)) return "its directory name is not valid";
  const paths = files.map(({ path }) => path);
  const fault = skillPathsFault(paths);
  if (fault !== null) return fault;
  if (!paths.includes(SKILL_DOC_PATH)) return `${SKILL_DOC_PATH} is missing`;
  if (!paths.includes(MARKER_PATH)) return `${MARKER_PATH} is missing`;
  return null;
}

const invalid = (message: string): SkillsError =>
  new SkillsError("skills_manifest_invalid", `the skills manifest is refused: ${message}`);
