import { defineTable } from "convex/server";
import { v } from "convex/values";
import { vModuleFormat, vReleaseChannel, vSkillStatus } from "../../contract/skills.js";

export const skillsTables = {
  /** Cold: one row per skill, written by operators, read by lists and by workers at their start. Ends with its deletion. */
  globalSkills: defineTable({
    slug: v.string(),
    displayName: v.string(),
    description: v.optional(v.string()),
    status: vSkillStatus,
    createdBy: v.string(),
    updatedBy: v.string(),
    createdAt: v.number(),
    updatedAt: v.number(),
  })
    .index("by_slug", ["slug"])
    .index("by_status", ["status", "slug"]),

  /**
   * Cold and immutable: what a version consists of, by hash; the contents are in `globalSkillFiles`. Written by deploy. Goes
   * when the last release that names it goes, so at most 2 × `RELEASES_KEPT` per skill.
   */
  globalSkillVersions: defineTable({
    skillId: v.id("globalSkills"),
    version: v.string(),
    moduleFormat: vModuleFormat,
    entryPoint: v.string(),
    /** Of the trimmed entry script. */
    sha256: v.string(),
    /** Over all files, see `policy/skills/hash.ts`. */
    filesHash: v.string(),
    files: v.array(v.object({ path: v.string(), sha256: v.string() })),
    sizeBytes: v.number(),
    createdBy: v.string(),
    createdAt: v.number(),
  })
    .index("by_skillId_and_version", ["skillId", "version"])
    .index("by_skillId_and_createdAt", ["skillId", "createdAt"]),

  /** Cold: the contents, read by workers that lack them. Written by deploy, collected after their version went. */
  globalSkillFiles: defineTable({
    versionId: v.id("globalSkillVersions"),
    path: v.string(),
    sha256: v.string(),
    content: v.string(),
  })
    .index("by_versionId", ["versionId", "path"])
    .index("by_sha256", ["sha256"]),

  /** Which version was approved for which channel, and when. Written by deploy, which keeps the newest `RELEASES_KEPT`. */
  globalSkillReleases: defineTable({
    skillId: v.id("globalSkills"),
    versionId: v.id("globalSkillVersions"),
    releaseChannel: vReleaseChannel,
    isActive: v.boolean(),
    activatedBy: v.string(),
    activatedAt: v.number(),
    sizeBytes: v.number(),
  })
    .index("by_skillId_and_releaseChannel_and_isActive", ["skillId", "releaseChannel", "isActive"])
    .index("by_releaseChannel_and_isActive_and_activatedAt", ["releaseChannel", "isActive", "activatedAt"])
    .index("by_versionId", ["versionId"]),
};
