/** What is wrong with workers that somebody else runs, as rows tell it: who is silent, who holds on, who was refused its id. */
import type { Policies } from "../../contract/policies.js";
import type { SilentOwner, WorkerTrouble } from "../../policy/ops/workers.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { RELEASE_WITHIN_MS } from "../../policy/worker/release.js";

const MAX_SHOWN = 20;
const MAX_SILENT = 300;
const MAX_REFUSALS = 100;
/** Refusals that are older than this, counted back from the newest sign of life, are history. */
const RECENT_MS = 15 * 60_000;
const CODES = ["worker_id_taken", "worker_id_in_use"];

export async function workerTrouble(ctx: QueryCtx, { lease }: Policies): Promise<WorkerTrouble> {
  const newest = await ctx.db.query("beats").withIndex("by_alive").order("desc").first();
  const lastSign = newest === null ? null : newest.aliveUntil - lease.staleAfterMs;
  const silent = await silentRows(ctx, MAX_SHOWN);
  return {
    silentOwners: silent.flatMap((row) => viewOf(row, lease.forgetAfterMs)),
    holdsOn: lastSign === null ? [] : await holdsOn(ctx, lastSign),
    refused: await refused(ctx, lastSign === null ? 0 : lastSign - RECENT_MS),
  };
}

/** The worker that held this conversation, may have unsaved memory of it, and is silent; null: there is none, or others went on. */
export async function silentOwnerOf(
  ctx: QueryCtx,
  { _id, owner, generation }: Doc<"conversations">,
  { lease }: Policies,
): Promise<SilentOwner | null> {
  if (owner !== undefined || generation === undefined) return null;
  const row = (await silentRows(ctx, MAX_SILENT)).find(
    ({ binding }) => binding?.conversation === _id && binding.generation === generation,
  );
  return row === undefined ? null : (viewOf(row, lease.forgetAfterMs)[0] ?? null);
}

const silentRows = (ctx: QueryCtx, most: number): Promise<Doc<"workers">[]> =>
  ctx.db
    .query("workers")
    .withIndex("by_silentSince", (q) => q.gt("silentSince", 0))
    .order("desc")
    .take(most);

const viewOf = ({ workerId, binding, silentSince }: Doc<"workers">, forgetAfterMs: number): SilentOwner[] =>
  binding === undefined || silentSince === undefined
    ? []
    : [
        {
          worker: workerId,
          conversationId: binding.conversationId,
          since: silentSince,
          keptUntil: silentSince + forgetAfterMs,
        },
      ];

/** Asked to give way, and not done by the newest sign of life of any worker. */
async function holdsOn(ctx: QueryCtx, lastSign: number): Promise<WorkerTrouble["holdsOn"]> {
  const asked = await ctx.db
    .query("workers")
    .withIndex("by_askedAt", (q) =>
      q.gt("binding.askedAt", 0).lte("binding.askedAt", lastSign - RELEASE_WITHIN_MS),
    )
    .order("desc")
    .take(MAX_SILENT);
  const found: WorkerTrouble["holdsOn"] = [];
  for (const { workerId, status, silentSince, binding } of asked) {
    if (binding?.askedAt === undefined || status !== "active" || silentSince !== undefined) continue;
    found.push({ worker: workerId, conversationId: binding.conversationId, askedAt: binding.askedAt });
    if (found.length === MAX_SHOWN) break;
  }
  return found;
}

/** The tallies of this minute, and the last lines of the log. */
async function refused(ctx: QueryCtx, from: number): Promise<WorkerTrouble["refused"]> {
  const counting = await ctx.db.query("auditTallies").withIndex("by_window").order("desc").take(MAX_REFUSALS);
  const logged = await ctx.db.query("auditLog").order("desc").take(MAX_REFUSALS);
  const refusals = [
    ...counting.map(({ kind, subject, windowEnd, count, examples = [] }) => ({
      kind,
      code: subject,
      at: windowEnd,
      count,
      tokens: examples,
    })),
    ...logged.map(({ kind, subject, at, detail }) => ({
      kind,
      code: subject,
      at,
      count: Number(detail?.["count"] ?? 0),
      tokens: (detail?.["examples"] ?? "").split(" ").filter((id) => id !== ""),
    })),
  ].filter(({ kind, at }) => kind === "worker.refused" && at >= from);
  return CODES.flatMap((code) => {
    const of = refusals.filter((refusal) => refusal.code === code);
    if (of.length === 0) return [];
    const tokenIds = [...new Set(of.flatMap(({ tokens }) => tokens))];
    return [{ code, count: of.reduce((sum, { count }) => sum + count, 0), tokenIds }];
  });
}
