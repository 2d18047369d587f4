/** A token whose workers take a new name at every start must not fill the table of reports. */
import { v } from "convex/values";
import { asQuery } from "../../functions.js";

const MAX_PER_TOKEN = 200;
/** Workers that start together replace different rows, as a rule. */
const SPREAD = 16;

/** One of the token's oldest reports, which the next new one replaces; null: there is room. */
export const replacedReport = asQuery({
  args: { tokenId: v.optional(v.string()) },
  returns: v.union(v.null(), v.id("workerReports")),
})(async (ctx, { tokenId }) => {
  const rows = await ctx.db
    .query("workerReports")
    .withIndex("by_token", (q) => q.eq("tokenId", tokenId))
    .take(MAX_PER_TOKEN + SPREAD);
  const surplus = rows.length - MAX_PER_TOKEN;
  if (surplus < 0) return null;
  return rows[Math.floor(Math.random() * Math.min(SPREAD, surplus + 1))]?._id ?? null;
});
