/** Creations whose outcome is not known (`policy/fleet/unsettled.ts`), on the rows of their machines. */
import { afterReport, settledAt, type Creation } from "../../policy/fleet/unsettled.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";

/** As they are written: with when they are settled, by which they are found once their row has ended. */
export const creationFields = (creations: Creation[]) => ({
  creations: creations.length === 0 ? undefined : creations,
  settledAt: settledAt(creations),
});

/** An attempt has reported, even if it is not the current one or its row has ended. */
export async function noteReport(
  ctx: MutationCtx,
  row: Doc<"machines">,
  attempt: number,
  unsettled: boolean,
): Promise<void> {
  if (!row.creations) return;
  const creations = afterReport(row.creations, attempt, { unsettled, now: Date.now() });
  await ctx.db.patch(row._id, creationFields(creations));
}

/** Ended rows with a creation that may have come since the whole list begun at `listedAt`, the first to be settled first. */
export const unsettledRows = (ctx: QueryCtx, listedAt: number) =>
  ctx.db.query("machines").withIndex("by_settledAt", (q) => q.eq("live", false).gt("settledAt", listedAt));
