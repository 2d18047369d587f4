/** The one `fleetState` row, and the wake-up of the next pass. Any number of causes make one pending pass. */
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { loadProviderConfig } from "../config/provider.js";

/** Two passes start at least this far apart unless somebody asks for one by hand. */
const MIN_PAUSE_MS = 2_000;
/** A pass that was due this long ago got lost with its action. */
const LOST_AFTER_MS = 60_000;

export type FleetState = Omit<Doc<"fleetState">, "_id" | "_creationTime">;

export const readFleetState = (ctx: QueryCtx): Promise<Doc<"fleetState"> | null> =>
  ctx.db.query("fleetState").first();

export async function patchFleetState(ctx: MutationCtx, fields: Partial<FleetState>): Promise<void> {
  const row = await readFleetState(ctx);
  if (row) await ctx.db.patch(row._id, fields);
  else await ctx.db.insert("fleetState", { passId: 0, ...fields });
}

/** Sees to a pass at `at` (epoch ms) or soon after; one that is pending earlier will do. */
export async function wakeFleet(ctx: MutationCtx, at: number): Promise<void> {
  const now = Date.now();
  const state = await readFleetState(ctx);
  const wanted = Math.max(at, now, (state?.lastPassAt ?? 0) + MIN_PAUSE_MS);
  const pending = state?.passAt !== undefined && state.passAt > now - LOST_AFTER_MS ? state.passAt : null;
  if (pending !== null && pending <= wanted) return;
  const passId = (state?.passId ?? 0) + 1;
  await patchFleetState(ctx, { passId, passAt: wanted });
  await ctx.scheduler.runAt(wanted, internal.cloud.runPass, { passId });
}

/** Conversations became ready that no pass has looked at yet. Two documents when there is nothing new. */
export async function wakeFleetForReady(ctx: MutationCtx, newestReadyAt: number): Promise<void> {
  if ((await loadProviderConfig(ctx)) === null) return;
  const state = await readFleetState(ctx);
  if (state?.seenReadyAt !== undefined && state.seenReadyAt >= newestReadyAt) return;
  await wakeFleet(ctx, Date.now());
}

/** A worker lost its lease. If the fleet launched it, its machine may have died: the next pass asks the provider. */
export async function suspectMachine(ctx: MutationCtx, workerId: string): Promise<void> {
  const machine = await ctx.db
    .query("machines")
    .withIndex("by_worker", (q) => q.eq("worker", workerId))
    .unique();
  if (!machine?.live) return;
  await patchFleetState(ctx, { listWanted: true });
  await wakeFleet(ctx, Date.now());
}
