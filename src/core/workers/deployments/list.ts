/**
 * Deployments as operators see them: one per token that was made for agent workers, with the workers that use it. Everything is
 * read off rows that the workers' own calls and the sweeps write; nothing is decided by the clock.
 */
import * as contract from "../../../contract/deployments.js";
import { deploymentCauses, deploymentState } from "../../../policy/deployments/state.js";
import { asQuery } from "../../functions.js";
import type { Doc } from "../../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../../component/_generated/server.js";
import { loadRuntime } from "../../config/runtime.js";
import { clampLimit } from "../../bounds/bounded.js";
import { lastSignOfLife } from "../reads.js";
import { findWorker } from "../register.js";
import { tokenRow } from "../tokens/authorize.js";
import { lastUseOf } from "../tokens/lastUse.js";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;
/** Workers shown per deployment, of each kind. */
const WORKERS_SHOWN = 5;
const LIVE = ["active", "draining", "stopping"] as const;

export const listDeployments = asQuery(contract.listDeployments)(async (ctx, args) => {
  const limit = clampLimit(args.limit, DEFAULT_LIMIT, MAX_LIMIT);
  const found = args.tokenId === undefined ? await newest(ctx, limit + 1) : await one(ctx, args.tokenId);
  const { policies } = await loadRuntime(ctx);
  const deployments = await Promise.all(
    found.slice(0, limit).map((token) => viewOf(ctx, token, policies.lease.staleAfterMs)),
  );
  return { deployments, capped: found.length > limit };
});

type Token = Doc<"workerTokens">;

/** A token that was replaced is part of the deployment of its successor. */
const newest = (ctx: QueryCtx, limit: number): Promise<Token[]> =>
  ctx.db
    .query("workerTokens")
    .withIndex("by_deployment", (q) => q.eq("forAgents", true).eq("replacedBy", undefined))
    .order("desc")
    .take(limit);

async function one(ctx: QueryCtx, tokenId: string): Promise<Token[]> {
  const row = await tokenRow(ctx, tokenId);
  return row?.forAgents === true ? [row] : [];
}

async function viewOf(
  ctx: QueryCtx,
  token: Token,
  staleAfterMs: number,
): Promise<typeof contract.vDeployment.type> {
  const tokenIds = [token.tokenId, ...(token.rotatedFrom === undefined ? [] : [token.rotatedFrom])];
  const rows = (await Promise.all(tokenIds.map((tokenId) => liveWorkers(ctx, tokenId)))).flat();
  const reports = (await Promise.all(tokenIds.map((tokenId) => newestReports(ctx, tokenId)))).flat();
  const uses = await Promise.all(tokenIds.map((tokenId) => lastUseOf(ctx, tokenId, staleAfterMs)));
  const usedAt = Math.max(0, ...uses.map((usedAt) => usedAt ?? 0));
  const claimed = uses.some((usedAt) => usedAt !== null);
  const facts = {
    revoked: token.revokedAt !== undefined,
    authenticated: claimed || reports.length > 0,
    claimed,
    active: rows.filter((row) => row.status === "active").length,
    leaving: rows.filter((row) => row.status !== "active").length,
  };
  const state = deploymentState(facts);
  const live = await Promise.all(rows.slice(0, WORKERS_SHOWN).map((row) => liveView(ctx, row, staleAfterMs)));
  const shown = new Set(rows.map((row) => row.workerId));
  const gone = [];
  for (const report of reports.filter(({ worker }) => !shown.has(worker)).slice(0, WORKERS_SHOWN)) {
    const again = await findWorker(ctx, report.worker);
    if (again?.status === "active" && again.silentSince === undefined) continue; // it serves with another token by now
    gone.push(goneView(report));
  }
  const seen = [...live, ...gone].map(({ lastSeenAt }) => lastSeenAt ?? 0);
  return {
    tokenId: token.tokenId,
    rotatedFrom: token.rotatedFrom ?? null,
    state,
    authenticated: facts.authenticated,
    claimed,
    causes: deploymentCauses(state, facts),
    workspace: token.workspace ?? null,
    tags: token.tags,
    group: token.group ?? null,
    createdAt: token.createdAt,
    expiresAt: token.expiresAt,
    revokedAt: token.revokedAt ?? null,
    lastSeenAt: Math.max(usedAt, ...seen) || null,
    workers: [...live, ...gone],
    workersCapped: rows.length > WORKERS_SHOWN || reports.length > WORKERS_SHOWN,
  };
}

async function liveWorkers(ctx: QueryCtx, tokenId: string): Promise<Doc<"workers">[]> {
  const byStatus = await Promise.all(
    LIVE.map((status) =>
      ctx.db
        .query("workers")
        .withIndex("by_tokenId", (q) =>
          q.eq("tokenId", tokenId).eq("status", status).eq("silentSince", undefined),
        )
        .order("desc")
        .take(WORKERS_SHOWN + 1),
    ),
  );
  return byStatus.flat();
}

const newestReports = (ctx: QueryCtx, tokenId: string): Promise<Doc<"workerReports">[]> =>
  ctx.db
    .query("workerReports")
    .withIndex("by_token", (q) => q.eq("tokenId", tokenId))
    .order("desc")
    .take(2 * WORKERS_SHOWN);

async function liveView(
  ctx: QueryCtx,
  row: Doc<"workers">,
  staleAfterMs: number,
): Promise<contract.DeploymentWorker> {
  const report = await ctx.db
    .query("workerReports")
    .withIndex("by_worker", (q) => q.eq("worker", row.workerId))
    .first();
  const beat = await ctx.db
    .query("beats")
    .withIndex("by_worker", (q) => q.eq("worker", row.workerId))
    .unique();
  const { seenAt } = await lastSignOfLife(ctx, row.workerId);
  return {
    workerId: row.workerId,
    status: row.status === "stopped" ? "gone" : row.status,
    ...saidBy(report),
    lastSeenAt: Math.max(row.registeredAt, seenAt, (beat?.aliveUntil ?? 0) - staleAfterMs),
  };
}

const goneView = (report: Doc<"workerReports">): contract.DeploymentWorker => ({
  workerId: report.worker,
  status: "gone",
  ...saidBy(report),
  lastSeenAt: report.saidAt,
});

const saidBy = (report: Doc<"workerReports"> | null) => ({
  version: report?.version ?? null,
  host: report?.host ?? null,
  engine: report?.engine ?? null,
  mode: report?.mode ?? null,
  startedAt: report?.saidAt ?? null,
});
