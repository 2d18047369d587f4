/** The operator's view of what is left over at the provider, and the order to collect it. Reads and wakes; the collector is the fleet's. */
import * as contract from "../../contract/ops.js";
import { isConfirmed, whyOrphan } from "../../policy/ops/orphan.js";
import type { Policies } from "../../contract/policies.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { asMutation, asQuery } from "../functions.js";
import { readFleetState } from "../fleet/state.js";
import { noteForPass, wakeFleet } from "../signals/fleet.js";

const MAX_SHOWN = 200;
const MAX_COLLECTED = 50;

export const orphanReport = asQuery(contract.orphanReport)(async (ctx) => {
  const { fleet } = (await loadRuntime(ctx)).policies;
  const state = await readFleetState(ctx);
  const rows = await oldest(ctx, MAX_SHOWN + 1);
  return {
    lastListedAt: state.lastListedAt ?? null,
    lastVolumesListedAt: state.lastVolumesListedAt ?? null,
    orphans: rows.slice(0, MAX_SHOWN).map((row) => viewOf(row, fleet)),
    capped: rows.length > MAX_SHOWN,
  };
});

export const collectOrphans = asMutation(contract.collectOrphans)(async (ctx, { dryRun = false }) => {
  const { fleet } = (await loadRuntime(ctx)).policies;
  const rows = await oldest(ctx, MAX_SHOWN);
  const collected = rows.filter((row) => isConfirmed(row, fleet.orphanGraceMs)).slice(0, MAX_COLLECTED);
  const skipped = rows.filter((row) => !isConfirmed(row, fleet.orphanGraceMs));
  if (!dryRun) {
    for (const { _id: orphan } of collected)
      await ctx.scheduler.runAfter(0, internal.cloud.collectOrphan, { orphan });
    // A listing that is due at once confirms the others, or finds that they are gone.
    await noteForPass(ctx, { kind: "list" });
    await noteForPass(ctx, { kind: "volumes" });
    await wakeFleet(ctx, Date.now());
  }
  return {
    dryRun,
    collecting: collected.map((row) => viewOf(row, fleet)),
    skipped: skipped.map((row) => viewOf(row, fleet)),
  };
});

const oldest = (ctx: QueryCtx, limit: number) =>
  ctx.db.query("orphans").withIndex("by_firstSeenAt").take(limit);

function viewOf(row: Doc<"orphans">, { orphanGraceMs }: Policies["fleet"]): contract.OrphanView {
  const { _id: orphanId, kind, providerId, name, firstSeenAt, lastSeenAt, listings, problem = null } = row;
  const confirmed = isConfirmed(row, orphanGraceMs);
  const collectAfter = firstSeenAt + orphanGraceMs;
  const seen = { firstSeenAt, lastSeenAt, listings };
  return { orphanId, kind, providerId, name, ...seen, confirmed, collectAfter, why: whyOrphan(row), problem };
}
