/** Every living machine, the limits and the books. Bounded by `MAX_SHOWN`; nothing here is on the hot path. */
import * as contract from "../../contract/ops.js";
import { machineWait } from "../../policy/ops/machine.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { asQuery } from "../functions.js";
import { dayOf, usedOn } from "../fleet/machineHours.js";
import { readFleetState } from "../fleet/state.js";
import { newestLease } from "../workers/reads.js";
import { findWorker } from "../workers/register.js";
import { currentProblem, limitsOf, pausedUntil } from "./fleetFacts.js";

const MAX_SHOWN = 200;
const MAX_COUNTED = 1_000;
const MAX_VOLUMES = 100;
const HOUR_MS = 3_600_000;

export const fleetOverview = asQuery(contract.fleetOverview)(async (ctx) => {
  const { policies } = await loadRuntime(ctx);
  const state = await readFleetState(ctx);
  // The last pass stands for the present: a query that reads the clock would never be up to date.
  const asOf = state.lastPassAt ?? null;
  const live = await ctx.db
    .query("machines")
    .withIndex("by_live", (q) => q.eq("live", true))
    .take(MAX_COUNTED);
  const machines = [];
  for (const row of live.slice(0, MAX_SHOWN)) machines.push(await machineReport(ctx, row, asOf));
  const volumes = await ctx.db.query("quarantinedVolumes").withIndex("by_deleteAfter").take(MAX_VOLUMES);
  const orphans = await ctx.db.query("orphans").withIndex("by_firstSeenAt").take(MAX_COUNTED);
  const usedMs = asOf === null ? 0 : await usedOn(ctx, dayOf(asOf), live, asOf);
  return {
    asOf,
    nextPassAt: state.nextPassAt ?? null,
    lastListedAt: state.lastListedAt ?? null,
    lastVolumesListedAt: state.lastVolumesListedAt ?? null,
    machines,
    capped: live.length > MAX_SHOWN,
    limits: limitsOf(policies),
    machineHoursToday: usedMs / HOUR_MS,
    launchesPausedUntil: pausedUntil(state),
    problem: currentProblem(state),
    blocked: state.blocked ?? [],
    quarantined: volumes.map(
      ({
        volumeId,
        volumeName,
        appName,
        region,
        conversationId,
        lastUseAt,
        deleteAfter,
        takenBy = null,
      }) => ({
        volumeId,
        volumeName,
        appName,
        region,
        conversationId,
        lastUseAt,
        deleteAfter,
        takenBy,
      }),
    ),
    orphans: orphans.length,
  };
});

async function machineReport(ctx: QueryCtx, row: Doc<"machines">, asOf: number | null) {
  const worker = await findWorker(ctx, row.worker);
  const lease = await newestLease(ctx, row.worker);
  const conversation = worker?.binding && (await ctx.db.get(worker.binding.conversation));
  const workerStatus = worker?.status ?? "stopped";
  const conversationId = worker?.binding?.conversationId ?? null;
  const busy = lease?.state === "live";
  const conversationHasWork = conversation?.owner === row.worker && conversation.state !== "idle";
  const paidMs = row.launchedAt === undefined || asOf === null ? 0 : Math.max(0, asOf - row.launchedAt);
  return {
    workerId: row.worker,
    step: row.step,
    workerStatus,
    createdAt: row.createdAt,
    appName: row.appName,
    machineId: row.machineId ?? null,
    volumeId: row.volumeId ?? null,
    region: row.region ?? null,
    image: row.image,
    machineHours: paidMs / HOUR_MS,
    madeFor: row.madeFor,
    conversationId,
    busy,
    problem: row.problem ?? null,
    ...machineWait({ ...row, workerStatus, busy, conversationId, conversationHasWork }),
  };
}
