/** The skills there are: listed, switched on and off, deleted with their versions and releases. Contents follow, one transaction per version. */
import * as contract from "../../contract/skills.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { asQuery, asMutation } from "../functions.js";
import { clampLimit } from "../bounds/bounded.js";
import { activeRelease, dropVersion } from "./releases.js";
import { normalizeSlug } from "../../policy/skills/identity.js";
import { recordAct } from "../audit/record.js";
import { findSkill } from "./deploy.js";
import { v } from "convex/values";
import { MAX_FILES } from "../../policy/skills/bundle.js";

export const listGlobalSkills = asQuery(contract.listGlobalSkills)(async (ctx, args) => {
  const channel = args.releaseChannel ?? "stable";
  const skills = await skillsOf(ctx, args.status).take(clampLimit(args.limit, 200, 500));
  return await Promise.all(
    skills.map(async ({ _id, slug, displayName, description, status, updatedAt }) => {
      const release = await activeRelease(ctx, _id, channel);
      const version = release && (await ctx.db.get(release.versionId));
      const shown = { skillId: _id, slug, displayName, description, status, updatedAt };
      if (!release || !version) return { ...shown, activeRelease: null };
      const { _id: releaseId, versionId, releaseChannel, activatedAt } = release;
      const { version: name, sha256, moduleFormat, entryPoint } = version;
      const code = { versionId, version: name, sha256, moduleFormat, entryPoint };
      return { ...shown, activeRelease: { releaseId, ...code, releaseChannel, activatedAt } };
    }),
  );
});

function skillsOf(ctx: QueryCtx, status: "active" | "disabled" | undefined) {
  const table = ctx.db.query("globalSkills");
  return status === undefined
    ? table.withIndex("by_slug")
    : table.withIndex("by_status", (q) => q.eq("status", status));
}

export const setGlobalSkillStatus = asMutation(contract.setGlobalSkillStatus)(async (ctx, args) => {
  const slug = normalizeSlug(args.slug);
  const skill = await findSkill(ctx, slug);
  if (!skill) return { updated: false, slug, status: args.status };
  const actor = args.actor ?? "system";
  if (skill.status !== args.status) {
    await ctx.db.patch(skill._id, { status: args.status, updatedBy: actor, updatedAt: Date.now() });
    const kind = args.status === "active" ? "skill.enabled" : "skill.disabled";
    await recordAct(ctx, { kind, actor: "host", subject: slug, detail: { by: actor } });
  }
  return { updated: true, slug, status: args.status };
});

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

export const files = asMutation({ args: { versionId: v.id("globalSkillVersions") }, returns: v.number() })(
  async (ctx, { versionId }) => {
    const rows = await ctx.db
      .query("globalSkillFiles")
      .withIndex("by_versionId", (q) => q.eq("versionId", versionId))
      .take(MAX_FILES);
    for (const row of rows) await ctx.db.delete(row._id);
    return rows.length;
  },
);
