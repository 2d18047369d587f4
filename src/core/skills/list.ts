/** The skills there are, by slug, with what a channel approves. */
import * as contract from "../../contract/skills.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { asQuery } from "../functions.js";
import { clampLimit } from "../bounds/bounded.js";
import { activeRelease } from "./releases.js";

export const listGlobalSkills = asQuery(contract.listGlobalSkills)(async (ctx, args) => {
  const channel = args.releaseChannel ?? "stable";
  const skills = await skillsOf(ctx, args.status).take(clampLimit(args.limit, 200, 500));
  return await Promise.all(
    skills.map(async ({ _id, slug, displayName, description, status, updatedAt }) => {
      const release = await activeRelease(ctx, _id, channel);
      const version = release && (await ctx.db.get(release.versionId));
      const active =
        release && version
          ? {
              releaseId: release._id,
              versionId: version._id,
              version: version.version,
              sha256: version.sha256,
              moduleFormat: version.moduleFormat,
              entryPoint: version.entryPoint,
              releaseChannel: release.releaseChannel,
              activatedAt: release.activatedAt,
            }
          : null;
      return { skillId: _id, slug, displayName, description, status, updatedAt, activeRelease: active };
    }),
  );
});

function skillsOf(ctx: QueryCtx, status: "active" | "disabled" | undefined) {
  const table = ctx.db.query("globalSkills");
  return status === undefined
    ? table.withIndex("by_slug")
    : table.withIndex("by_status", (q) => q.eq("status", status));
}
