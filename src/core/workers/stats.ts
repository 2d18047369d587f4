/** What operators may know about workers. Bounded. */
import * as contract from "../../contract/workers.js";
import { asQuery } from "../functions.js";
import { machineOf } from "../signals/fleet.js";
import { lastSignOfLife } from "./reads.js";

const MAX_WORKERS = 500;

export const workerStats = asQuery(contract.workerStats)(async (ctx) => {
  const rows = await ctx.db
    .query("workers")
    .withIndex("by_status", (q) => q.eq("status", "active").eq("silentSince", undefined))
    .take(MAX_WORKERS + 1);
  const workers = await Promise.all(
    rows.slice(0, MAX_WORKERS).map(async (row) => {
      const life = await lastSignOfLife(ctx, row.workerId);
      const machine = row.provider === "external" ? null : await machineOf(ctx, row.workerId);
      return {
        workerId: row.workerId,
        status: row.status,
        load: life.load,
        heartbeatAt: Math.max(row.registeredAt, life.seenAt),
        machineId: machine?.machineId ?? null,
        appName: machine?.machineId === undefined ? null : machine.appName,
      };
    }),
  );
  const activeCount = workers.filter((worker) => worker.load > 0).length;
  return { activeCount, idleCount: workers.length - activeCount, workers, capped: rows.length > MAX_WORKERS };
});
