/** What the worker asks about skills, and the answers as it expects them. Unknown further fields are dropped. */
import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Far above what a channel may hold, far below what would fill a small machine's memory. */
const MAX_SKILLS = 1_000;
const MAX_FILES = 128;
const MAX_CONTENT_CHARS = 1024 * 1024;

const indexFile = z.object({
  path: z.string().max(1_000),
  sha256,
  content: z.string().max(MAX_CONTENT_CHARS).optional(),
});
const indexSkill = z.object({
  slug: z.string().max(200),
  version: z.string().max(200),
  skillDirName: z.string().max(200),
  files: z.array(indexFile).max(MAX_FILES),
});
export const skillsIndexReply = z.object({
  layoutVersion: z.string(),
  manifestVersion: z.string(),
  contentHash: sha256,
  unchanged: z.boolean(),
  skills: z.array(indexSkill).max(MAX_SKILLS),
});
export const skillsFilesReply = z.object({
  files: z.array(z.object({ sha256, content: z.string().max(MAX_CONTENT_CHARS) })),
  remaining: z.array(sha256),
});
export type IndexSkill = z.infer<typeof indexSkill>;
export type SkillsIndex = z.infer<typeof skillsIndexReply>;
type SkillsFiles = z.infer<typeof skillsFilesReply>;

/** Both calls only read, so both may be repeated. Reject with `TransportError`. */
export interface SkillsTransport {
  skillsIndex(
    request: { releaseChannel: "stable" | "canary"; ifNoneMatch?: string },
    signal?: AbortSignal,
  ): Promise<SkillsIndex>;
  /** At most 64 hashes at once. */
  skillsFiles(hashes: string[], signal?: AbortSignal): Promise<SkillsFiles>;
}
