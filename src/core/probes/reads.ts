/** What operators see of probes. */
import * as contract from "../../contract/probes.js";
import { asQuery } from "../functions.js";
import { clampLimit } from "../bounds/bounded.js";
import type { Doc } from "../../component/_generated/dataModel.js";

const viewOf = (row: Doc<"probes">): contract.ProbeView => ({
  probeId: row._id,
  workerId: row.workerId,
  kind: row.kind,
  target: row.target ?? null,
  timeoutMs: row.timeoutMs,
  status: row.status,
  requestedAt: row.requestedAt,
  expiresAt: row.expiresAt,
  finishedAt: row.finishedAt ?? null,
  result: row.result ?? null,
});

export const getProbe = asQuery(contract.getProbe)(async (ctx, { probeId }) => {
  const id = ctx.db.normalizeId("probes", probeId);
  const row = id && (await ctx.db.get(id));
  return row && viewOf(row);
});

export const listProbes = asQuery(contract.listProbes)(async (ctx, { workerId, limit }) => {
  const rows = await ctx.db
    .query("probes")
    .withIndex("by_worker", (q) => q.eq("workerId", workerId))
    .order("desc")
    .take(clampLimit(limit, 20, 100));
  return rows.map(viewOf);
});
