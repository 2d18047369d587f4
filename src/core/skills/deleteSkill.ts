/** Deletes a skill with its versions and releases; contents follow, one transaction per version. */
import * as contract from "../../contract/skills.js";
import { normalizeSlug } from "../../policy/skills/identity.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { findSkill } from "./deploy.js";
import { dropVersion } from "./releases.js";

export const deleteGlobalSkill = asMutation(contract.deleteGlobalSkill)(async (ctx, args) => {
  const slug = normalizeSlug(args.slug);
  const skill = await findSkill(ctx, slug);
  if (!skill) return { deleted: false, slug, deletedVersions: 0, deletedReleases: 0 };
  // Both sets are bounded by `RELEASES_KEPT` per channel.
  const releases = await ctx.db
    .query("globalSkillReleases")
    .withIndex("by_skillId_and_releaseChannel_and_isActive", (q) => q.eq("skillId", skill._id))
    .collect();
  const versions = await ctx.db
    .query("globalSkillVersions")
    .withIndex("by_skillId_and_createdAt", (q) => q.eq("skillId", skill._id))
    .collect();
  for (const release of releases) await ctx.db.delete(release._id);
  for (const version of versions) await dropVersion(ctx, version._id);
  await ctx.db.delete(skill._id);
  await recordAct(ctx, { kind: "skill.deleted", actor: "host", subject: slug });
  return { deleted: true, slug, deletedVersions: versions.length, deletedReleases: releases.length };
});
