/** Asks a worker to check something, and what operators see of it. Writes `probes`; the worker is rung and takes it with its next poll. */
import { findGiven } from "../bounds/texts.js";
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/probes.js";
import { probeTargetProblem } from "../../policy/worker/probeTarget.js";
import { recordAct } from "../audit/record.js";
import { asMutation, asQuery } from "../functions.js";
import { findWorker } from "../workers/register.js";
import { ringWorker } from "../workers/wakeRing.js";
import { waitingProbes } from "../workers/probeOrders.js";
import { clampLimit } from "../bounds/bounded.js";
import type { Doc } from "../../component/_generated/dataModel.js";

const DEFAULT_TIMEOUT_MS = 5_000;
const MIN_TIMEOUT_MS = 100;
const MAX_TIMEOUT_MS = 30_000;
/** A worker in the middle of a long message asks only after it. */
const EXPIRES_MS = 10 * 60_000;

export const requestProbe = asMutation(contract.requestProbe)(async (ctx, args) => {
  const { workerId, kind, target, timeoutMs = DEFAULT_TIMEOUT_MS, requestedBy } = args;
  const problem = probeTargetProblem(kind, target ?? null);
  if (problem !== null) throw factoryError("invalid_argument", problem, { argument: "target" });
  if (!(timeoutMs >= MIN_TIMEOUT_MS && timeoutMs <= MAX_TIMEOUT_MS)) {
    const message = `timeoutMs must be from ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS}`;
    throw factoryError("invalid_argument", message, { argument: "timeoutMs" });
  }
  const worker = await findWorker(ctx, workerId);
  if (!worker || worker.status === "stopped")
    throw factoryError("worker_not_found", `There is no worker '${workerId}' that could be asked.`);
  if ((await waitingProbes(ctx, workerId)).length >= contract.MAX_OPEN_PROBES)
    throw factoryError("invalid_argument", `The worker has ${contract.MAX_OPEN_PROBES} open probes already.`);
  const requestedAt = Date.now();
  const expiresAt = requestedAt + EXPIRES_MS;
  const probeId = await ctx.db.insert("probes", {
    workerId,
    workspace: worker.workspace,
    kind,
    target,
    timeoutMs,
    status: "waiting",
    requestedAt,
    expiresAt,
  });
  await recordAct(ctx, {
    kind: "probe.requested",
    actor: requestedBy === undefined ? "host" : `operator:${requestedBy}`,
    subject: workerId,
    detail: { probeId, kind, ...(target === undefined ? {} : { target }) },
  });
  await ringWorker(ctx, worker);
  return { probeId, expiresAt };
});

function viewOf({ _id, _creationTime, workspace: _, ...row }: Doc<"probes">): contract.ProbeView {
  const { target = null, finishedAt = null, result = null } = row;
  return { ...row, probeId: _id, target, finishedAt, result };
}

export const getProbe = asQuery(contract.getProbe)(async (ctx, { probeId }) => {
  const row = await findGiven(ctx, "probes", probeId);
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
