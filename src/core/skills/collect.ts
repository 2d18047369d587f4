/** Deletes the contents of a version that is gone. Scheduled in the transaction that deletes its row. */
import { asMutation } from "../functions.js";
import { v } from "convex/values";
import { MAX_FILES } from "../../policy/skills/bundle.js";

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
