/** What the worker asks about skills, and the answers as it expects them. */
import type { Infer } from "convex/values";
import { z } from "zod";
import { getGlobalSkillFiles, getWorkerGlobalSkillsIndex } from "../../../src/contract/skills.js";
import type { ReleaseChannel } from "../../../src/contract/skills.js";
import { schemaOf } from "../transport/schemaOf.js";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const content = z.string().max(1024 * 1024);
const name = z.string().max(200);
/** Far above what a channel may hold, far below what would fill a small machine's memory. */
const MAX_SKILLS = 1_000;
const MAX_FILES = 128;

/** The channel is the one that was asked for. */
const vIndex = getWorkerGlobalSkillsIndex.returns.omit("releaseChannel");
const vSkill = vIndex.fields.skills.element;
const indexFile = schemaOf(vSkill.fields.files.element, {
  path: z.string().max(1_000),
  sha256,
  content: content.optional(),
});
const files = z.array(indexFile).max(MAX_FILES);
const indexSkill = schemaOf(vSkill, { slug: name, version: name, skillDirName: name, files });
export const skillsIndexReply = schemaOf(vIndex, {
  contentHash: sha256,
  skills: z.array(indexSkill).max(MAX_SKILLS),
});
export const skillsFilesReply = schemaOf(getGlobalSkillFiles.returns, {
  "files.sha256": sha256,
  "files.content": content,
  remaining: z.array(sha256),
});
export type IndexSkill = Infer<typeof vSkill>;
export type SkillsIndex = Infer<typeof vIndex>;

/** Both calls only read, so both may be repeated. Reject with `TransportError`. */
export interface SkillsTransport {
  skillsIndex(
    request: { releaseChannel: ReleaseChannel; ifNoneMatch?: string },
    signal?: AbortSignal,
  ): Promise<SkillsIndex>;
  /** At most 64 hashes at once. */
  skillsFiles(hashes: string[], signal?: AbortSignal): Promise<Infer<typeof getGlobalSkillFiles.returns>>;
}
