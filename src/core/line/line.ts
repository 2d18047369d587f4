/**
 * What a look of the scheduler saw, published for those who come after it and must not look themselves. Rows are only inserted
 * and deleted, by looks alone. A row is inserted with a time beyond the one up to which arrivals read, and deleted after it:
 * reading it for real therefore conflicts with no look.
 */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { TOO_NEAR_MS } from "./alarms.js";

/** How long a published line counts. */
export const LINE_LIFE_MS = 5_000;

export type LineOfLane = Doc<"lines">["lanes"][number];

/** The newest line that is certainly not being replaced right now; null while nothing waits. One document at most. */
export const publishedLine = (ctx: QueryCtx, now: number): Promise<Doc<"lines"> | null> =>
  ctx.db
    .query("lines")
    .withIndex("by_until", (q) => q.gt("until", now + TOO_NEAR_MS).lte("until", now + LINE_LIFE_MS))
    .order("desc")
    .first();

/** What is published of a lane. */
export const laneIn = (line: Doc<"lines"> | null, lane: string): LineOfLane | null =>
  line?.lanes.find((published) => published.lane === lane) ?? null;

export async function publishLine(
  ctx: MutationCtx,
  fields: Pick<Doc<"lines">, "until" | "lanes" | "claimers">,
): Promise<void> {
  await ctx.db.insert("lines", fields);
}
