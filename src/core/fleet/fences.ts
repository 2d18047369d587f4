/** The rows on which those meet who must not act at once. A real read: that two of them conflict is what makes one wait. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";

type Fence = Doc<"fleetFences">;

export const findFence = (ctx: QueryCtx, key: Fence["key"]): Promise<Fence | null> =>
  ctx.db
    .query("fleetFences")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();

export async function setFence(
  ctx: MutationCtx,
  key: Fence["key"],
  fields: Pick<Fence, "value" | "until">,
): Promise<void> {
  const row = await findFence(ctx, key);
  if (row) await ctx.db.patch(row._id, fields);
  else await ctx.db.insert("fleetFences", { key, ...fields });
}
