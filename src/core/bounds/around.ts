/** Rotation through lanes and tenants: what is sorted by name is looked at from behind the one that was looked at last. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/** Goes once around what is sorted: `next` answers with what lies behind `after`, undefined at the end, null when that is enough. */
export async function around(
  start: string,
  next: (after: string) => Promise<string | null | undefined>,
): Promise<void> {
  let after = start;
  let wrapped = start === "";
  for (;;) {
    const found = await next(after);
    if (found === null || (found === undefined && wrapped)) return;
    if (found === undefined) wrapped = true;
    else if (wrapped && start !== "" && found > start) return;
    after = found ?? "";
  }
}

/** The first ready conversation of the workspace behind `after`. */
export const firstOfNextTenant = (
  ctx: Pick<QueryCtx, "db">,
  pool: string,
  after: string,
): Promise<Doc<"conversations"> | null> =>
  ctx.db
    .query("conversations")
    .withIndex("by_tenant", (q) => q.eq("state", "ready").eq("pool", pool).gt("workspace", after))
    .first();
