/** What the fleet knows about itself: the one `fleetState` row, and what was noted since its last pass. */
import { v } from "convex/values";
import { afterLaunches, type Problem } from "../../policy/fleet/launchPause.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadProviderConfig } from "../config/runtime.js";
import { asQuery } from "../functions.js";

type Note = Doc<"fleetNotes">;
type Stored = Omit<Doc<"fleetState">, "_id" | "_creationTime">;

export interface FleetState extends Stored {
  launchFailures: number;
  notes: Note[];
  /** When the next pass is due; absent: none is wanted. */
  nextPassAt?: number | undefined;
}

/** A pass takes these many notes and wake-ups; what is left is taken by the next. */
const MAX_NOTES = 200;

/** For queries, and for stale snapshots: whoever would rely on it in a mutation would meet every note and wake-up. */
export async function readFleetState(ctx: QueryCtx): Promise<FleetState> {
  const row = await ctx.db.query("fleetState").first();
  const notes = await ctx.db.query("fleetNotes").take(MAX_NOTES);
  const next = await ctx.db.query("fleetWakes").withIndex("by_at").first();
  return { ...row, ...afterLaunches(row ?? {}, launchOutcomes(notes)), notes, nextPassAt: next?.at };
}

/** Whether somebody got no machine in a pass because launches rest. */
export const waitsForPause = ({ blocked = [] }: Pick<Stored, "blocked">): boolean =>
  blocked.some(({ reason }) => reason === "launches_paused");

/** What became of launches, in the order in which it was learned. */
export const launchOutcomes = (notes: readonly Note[]): ("booted" | Problem)[] =>
  notes.flatMap((note): ("booted" | Problem)[] => {
    if (note.kind === "launchFailed") return [note.problem];
    return note.kind === "booted" ? [note.kind] : [];
  });

/** What mutations look up on a stale snapshot, so that they meet neither passes nor wake-ups nor each other. */
export const glance = asQuery({
  args: {},
  returns: v.object({
    hasConfig: v.boolean(),
    wakes: v.array(v.id("fleetWakes")),
    nextPassAt: v.union(v.number(), v.null()),
    endedPass: v.number(),
    lastPassAt: v.number(),
    seenReadyAt: v.union(v.number(), v.null()),
    launchFailures: v.number(),
  }),
})(async (ctx) => {
  const state = await readFleetState(ctx);
  const wakes = await ctx.db.query("fleetWakes").withIndex("by_at").take(MAX_NOTES);
  return {
    hasConfig: (await loadProviderConfig(ctx)) !== null,
    wakes: wakes.map(({ _id }) => _id),
    nextPassAt: state.nextPassAt ?? null,
    endedPass: state.endedPass ?? 0,
    lastPassAt: state.lastPassAt ?? 0,
    seenReadyAt: state.seenReadyAt ?? null,
    launchFailures: state.launchFailures,
  };
});
