/** The workers that could take a conversation's message, as facts. Bounded reads, for operators only. */
import type { OwnerFacts, ServerFacts } from "../../policy/ops/facts.js";
import type { Policies } from "../../contract/policies.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { newestLease } from "../workers/reads.js";
import { findWorker } from "../workers/register.js";
import { RELEASE_WITHIN_MS } from "../../policy/worker/release.js";

const MAX_WORKERS = 300;
/** Only these many of a lane's workers are looked at closely; with more than that, one is free or all are busy. */
const MAX_LOOKED_AT = 100;

type Conversation = Doc<"conversations">;
type Worker = Doc<"workers">;

export const machineRow = (ctx: QueryCtx, worker: string): Promise<Doc<"machines"> | null> =>
  ctx.db
    .query("machines")
    .withIndex("by_worker", (q) => q.eq("worker", worker))
    .unique();

/** The worker that holds the conversation's memory, or null. */
export async function ownerFacts(
  ctx: QueryCtx,
  conversation: Conversation,
  policies: Policies,
): Promise<OwnerFacts | null> {
  const worker = conversation.owner === undefined ? null : await findWorker(ctx, conversation.owner);
  if (!worker) return null;
  const askedAt = worker.binding?.askedAt;
  return {
    ...(await serverFacts(ctx, worker, conversation, policies)),
    saving: askedAt !== undefined || (await isUploading(ctx, worker)),
    freeAt: askedAt === undefined ? null : askedAt + RELEASE_WITHIN_MS,
  };
}

/** An upload that was begun after the worker's last turn and has not ended. */
async function isUploading(ctx: QueryCtx, { workerId, binding }: Worker): Promise<boolean> {
  if (!binding) return false;
  const upload = await ctx.db
    .query("dataSnapshots")
    .withIndex("by_memory", (q) =>
      q
        .eq("workspaceId", binding.workspace)
        .eq("agentKey", binding.agentKey)
        .eq("conversationId", binding.conversationId)
        .eq("status", "uploading")
        .eq("generation", binding.generation),
    )
    .order("desc")
    .first();
  const lastTurnAt = (await newestLease(ctx, workerId))?.seenAt ?? 0;
  return upload !== null && upload.createdAt >= lastTurnAt;
}

/** Active workers first, then those on their way out: they explain why a lane that had workers has none. */
export async function liveWorkers(ctx: QueryCtx): Promise<Worker[]> {
  const workers: Worker[] = [];
  for (const status of ["active", "draining", "stopping"] as const) {
    const rows = await ctx.db
      .query("workers")
      .withIndex("by_status", (q) => q.eq("status", status).eq("silentSince", undefined))
      .take(MAX_WORKERS - workers.length);
    workers.push(...rows);
    if (workers.length >= MAX_WORKERS) break;
  }
  return workers;
}

/** Workers that list the conversation's lane. */
export async function serversFor(
  ctx: QueryCtx,
  conversation: Conversation,
  policies: Policies,
): Promise<ServerFacts[]> {
  const listing = (await liveWorkers(ctx)).filter(({ lanes }) => lanes.includes(conversation.lane));
  const servers: ServerFacts[] = [];
  for (const worker of listing.slice(0, MAX_LOOKED_AT))
    servers.push(await serverFacts(ctx, worker, conversation, policies));
  return servers;
}

async function serverFacts(
  ctx: QueryCtx,
  worker: Worker,
  conversation: Conversation,
  policies: Policies,
): Promise<ServerFacts> {
  const machine = await machineRow(ctx, worker.workerId);
  const lease = await newestLease(ctx, worker.workerId);
  const beat = await ctx.db
    .query("beats")
    .withIndex("by_worker", (q) => q.eq("worker", worker.workerId))
    .unique();
  const { binding } = worker;
  const signs = [beat?.aliveUntil, lease && aliveByLease(lease, policies)].filter(
    (at) => typeof at === "number",
  );
  return {
    worker: worker.workerId,
    lanes: worker.lanes,
    workspace: worker.workspace ?? null,
    active: worker.status === "active",
    free: lease?.state !== "live" && (!binding || binding.conversation === conversation._id),
    hasCalled: lease !== null || beat !== null,
    machine,
    aliveUntil: signs.length === 0 ? null : Math.max(...signs),
  };
}

const aliveByLease = (lease: Doc<"leases">, { lease: { staleAfterMs } }: Policies): number =>
  lease.state === "live" ? lease.expiresAt : lease.seenAt + staleAfterMs;
