/** Global skills: code that every worker carries. Deployed by operators, approved per release channel, fetched by workers. */
import { v, type Infer } from "convex/values";
import { lazy, mutation, oneOf, opt, query } from "./row.js";

export const vReleaseChannel = lazy(() => oneOf("stable", "canary"));
export const vModuleFormat = lazy(() => oneOf("esm", "cjs"));
export const vSkillStatus = lazy(() => oneOf("active", "disabled"));
export type ReleaseChannel = Infer<typeof vReleaseChannel>;

/**
 * Stores a version (immutable: the same version with other files is refused) and makes it the channel's active release.
 * Deploying what is active already changes nothing and returns the same ids. Codes: `skill_invalid`, `skill_conflict`,
 * `skills_too_large`.
 * - `version`: Semantic Versioning 2.0.0.
 * - `sourceJs`: The entry script; may be left out when `files` has it as `scripts/index.mjs` (or `.cjs`), or when they have a
 *   `SKILL.md` and the skill needs no such script.
 * - `files`: Further files of the skill, at most 63; a `SKILL.md` among them takes the place of the generated one.
 * - returns `sha256`: Of the trimmed entry script; of the empty text when there is none.
 */
export const deployGlobalSkill = mutation("operators", "admin", { as: "globalSkillsDeploy" })(() => ({
  args: {
    slug: v.string(),
    displayName: opt.string,
    description: opt.string,
    version: v.string(),
    sourceJs: opt.string,
    files: v.optional(v.array(v.object({ path: v.string(), content: v.string() }))),
    entryPoint: opt.string,
    moduleFormat: v.optional(vModuleFormat),
    releaseChannel: v.optional(vReleaseChannel),
    actor: opt.string,
  },
  returns: v.object({
    skillId: v.string(),
    versionId: v.string(),
    releaseId: v.string(),
    slug: v.string(),
    version: v.string(),
    sha256: v.string(),
    releaseChannel: vReleaseChannel,
  }),
}));
const vActiveRelease = lazy(() =>
  v.object({
    releaseId: v.string(),
    versionId: v.string(),
    version: v.string(),
    sha256: v.string(),
    moduleFormat: vModuleFormat,
    entryPoint: v.string(),
    releaseChannel: vReleaseChannel,
    activatedAt: v.number(),
  }),
);
/** By slug, 1..500 (200); `activeRelease` is that of the channel. */
export const listGlobalSkills = query("operators", "read", { as: "globalSkillsList" })(() => ({
  args: {
    releaseChannel: v.optional(vReleaseChannel),
    status: v.optional(vSkillStatus),
    limit: opt.number,
  },
  returns: v.array(
    v.object({
      skillId: v.string(),
      slug: v.string(),
      displayName: v.string(),
      description: opt.string,
      status: vSkillStatus,
      updatedAt: v.number(),
      activeRelease: v.union(vActiveRelease, v.null()),
    }),
  ),
}));
/** A disabled skill leaves every worker at its next start. */
export const setGlobalSkillStatus = mutation("operators", "admin", { as: "globalSkillsSetStatus" })(() => ({
  args: { slug: v.string(), status: vSkillStatus, actor: opt.string },
  returns: v.object({ updated: v.boolean(), slug: v.string(), status: vSkillStatus }),
}));
/** With all its versions and releases. */
export const deleteGlobalSkill = mutation("operators", "admin", { as: "globalSkillsDelete" })(() => ({
  args: { slug: v.string() },
  returns: v.object({
    deleted: v.boolean(),
    slug: v.string(),
    deletedVersions: v.number(),
    deletedReleases: v.number(),
  }),
}));

const workerArgs = lazy(() => ({
  workspaceId: opt.string,
  workerId: opt.string,
  workerToken: opt.string,
}));
/**
 * 1.0.11's manifest: the active skills of a channel with all their files, by slug.
 * - returns `generatedAt`: When the newest of the skills changed, epoch ms: not the time of the call, so the same skills give
 *   the same answer.
 * - returns `skills.sha256`: Of `sourceJs`, of the bundle, or empty: see the policy `skills.manifestHash`.
 */
export const getWorkerGlobalSkillsManifest = query("workers", "worker", {
  as: "workerGlobalSkillsManifest",
  operation: "skills_manifest",
  image: true,
})(() => ({
  args: { ...workerArgs, releaseChannel: v.optional(vReleaseChannel) },
  returns: v.object({
    layoutVersion: v.string(),
    manifestVersion: v.string(),
    generatedAt: v.number(),
    releaseChannel: vReleaseChannel,
    workspaceId: v.string(),
    skills: v.array(
      v.object({
        slug: v.string(),
        version: v.string(),
        moduleFormat: vModuleFormat,
        entryPoint: v.string(),
        sourceJs: v.string(),
        sha256: v.string(),
        skillDirName: v.string(),
        files: v.array(v.object({ path: v.string(), content: v.string(), sha256: v.string() })),
      }),
    ),
  }),
}));
/**
 * The same by hash: what each file's content must hash to, and how to ask for it. Contents come only with the two small
 * generated files. With `ifNoneMatch` equal to the current `contentHash` nothing but `unchanged: true` comes.
 * - returns `contentHash`: Over everything that the skills put on a disk.
 */
export const getWorkerGlobalSkillsIndex = query("workers", "worker", {
  as: "workerGlobalSkillsIndex",
  operation: "skills_index",
})(() => ({
  args: { ...workerArgs, releaseChannel: v.optional(vReleaseChannel), ifNoneMatch: opt.string },
  returns: v.object({
    layoutVersion: v.string(),
    manifestVersion: v.string(),
    contentHash: v.string(),
    releaseChannel: vReleaseChannel,
    unchanged: v.boolean(),
    skills: v.array(
      v.object({
        slug: v.string(),
        version: v.string(),
        skillDirName: v.string(),
        files: v.array(v.object({ path: v.string(), sha256: v.string(), content: opt.string })),
      }),
    ),
  }),
}));
/**
 * Contents by hash: as many of the (at most 64) hashes as fit into about 4 MiB, in the order asked; unknown ones are left out.
 * - returns `remaining`: Hashes that did not fit; ask again.
 */
export const getGlobalSkillFiles = query("workers", "worker", {
  as: "workerGlobalSkillFiles",
  operation: "skills_files",
})(() => ({
  args: { ...workerArgs, hashes: v.array(v.string()) },
  returns: v.object({
    files: v.array(v.object({ sha256: v.string(), content: v.string() })),
    remaining: v.array(v.string()),
  }),
}));
