/**
 * Everything a pass decides upon, read by a query of its action: thousands of heartbeats must not retry it. What is acted upon is
 * read again by each command (`commands.ts`). Documents read: a few per live machine, and as many waiting conversations as could get one.
 */
import { asQuery } from "../functions.js";
import { v } from "convex/values";
import {
  vObservation,
  type MachineView,
  type Observation,
  type WaitingView,
} from "../../policy/fleet/types.js";
import { loadRuntime } from "../config/runtime.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import { newestLease } from "../workers/reads.js";
import { findWorker } from "../workers/register.js";
import { findFence } from "./fences.js";
import { dayOf, usedOn } from "./machineHours.js";
import { readFleetState } from "./state.js";

/** More machines than this are not looked at in one pass; the cap is far below. */
export const MAX_MACHINES = 1_000;
/** Signs of life beyond these belong to workers that others run, or are older. */
const MAX_SIGNS = 4_000;
const MAX_WAITING = 100;
const MAX_ELSEWHERE = 100;

export const observe = asQuery({
  args: { now: v.number(), workspace: v.union(v.string(), v.null()) },
  /** `launches`: those ordered so far; whoever launches names them (`commands.launch`). */
  returns: v.object({ view: vObservation, launches: v.number() }),
})(async (ctx, { now, workspace }) => ({
  view: await gather(ctx, now, workspace),
  launches: (await findFence(ctx, "launch"))?.value ?? 0,
}));

async function gather(ctx: QueryCtx, now: number, workspace: string | null): Promise<Observation> {
  const { policies } = await loadRuntime(ctx);
  const state = await readFleetState(ctx);
  const rows = await ctx.db
    .query("machines")
    .withIndex("by_live", (q) => q.eq("live", true))
    .take(MAX_MACHINES);
  const signs = await signsOfLife(ctx, rows.length, policies.lease.staleAfterMs);
  const machines: MachineView[] = [];
  for (const row of rows) machines.push(await machineView(ctx, row, signs));
  const most = Math.min(MAX_WAITING, rows.length + policies.scaling.spawnStep + 1);
  const waiting = await waitingConversations(ctx, policies.fleet.lanes, most, workspace);
  const orphans = await ctx.db.query("orphans").withIndex("by_firstSeenAt").take(MAX_MACHINES);
  return {
    now,
    fleet: policies.fleet,
    scaling: policies.scaling,
    lease: policies.lease,
    machines,
    waiting,
    freeElsewhere: waiting.length === 0 ? [] : await freeElsewhere(ctx, now),
    orphans: orphans.filter(({ kind }) => kind === "machine").length,
    usedTodayMs: await usedOn(ctx, dayOf(now), rows, now),
    launchesPausedUntil: state.launchesPausedUntil ?? 0,
  };
}

/** Live leases and polls by worker. Two ranges for all machines: a function may read 4 096 ranges, and few per machine. */
interface SignsOfLife {
  live: Map<string, Doc<"leases">>;
  polledAt: Map<string, number>;
}

async function signsOfLife(ctx: QueryCtx, machines: number, staleAfterMs: number): Promise<SignsOfLife> {
  if (machines === 0) return { live: new Map(), polledAt: new Map() };
  const leases = await ctx.db
    .query("leases")
    .withIndex("by_expiry", (q) => q.eq("state", "live"))
    .order("desc")
    .take(MAX_SIGNS);
  const beats = await ctx.db.query("beats").withIndex("by_alive").order("desc").take(MAX_SIGNS);
  return {
    live: new Map(leases.map((lease) => [lease.worker, lease])),
    // A beat says until when its worker counts as alive; the poll itself was that much earlier.
    polledAt: new Map(beats.map((beat) => [beat.worker, beat.aliveUntil - staleAfterMs])),
  };
}

async function machineView(
  ctx: QueryCtx,
  row: Doc<"machines">,
  { live, polledAt }: SignsOfLife,
): Promise<MachineView> {
  const worker = await ctx.db.get(row.workerRow);
  const held = live.get(row.worker);
  const lease = held ?? (await newestLease(ctx, row.worker));
  const binding = worker?.binding;
  const conversation = binding && (await ctx.db.get(binding.conversation));
  return {
    worker: row.worker,
    appName: row.appName,
    machineId: row.machineId ?? null,
    step: row.step,
    status: worker?.status ?? "stopped",
    workspace: worker?.workspace ?? null,
    stateful: worker?.stateful ?? false,
    bound:
      binding && conversation
        ? {
            conversationId: binding.conversationId,
            workspace: binding.workspace,
            boundAt: binding.boundAt,
            hasWork: conversation.owner === row.worker && conversation.state !== "idle",
            owned: conversation.owner === row.worker,
          }
        : null,
    busy: lease?.state === "live",
    seenAt: Math.max(polledAt.get(row.worker) ?? 0, lease?.seenAt ?? 0),
    lastWorkAt: Math.max(lease?.seenAt ?? 0, row.lastUseAt ?? 0),
    notedUseAt: row.lastUseAt ?? 0,
    image: row.image,
    createdAt: row.createdAt,
    stepDeadlineAt: row.stepDeadlineAt,
    drainDeadlineAt: row.drain?.deadlineAt ?? null,
    drainReason: row.drain?.reason ?? null,
    leavingSince: row.stop?.at ?? row.drain?.at ?? null,
    seen: "unlisted",
    missed: row.missed ?? 0,
  };
}

/** The first ready conversations of the fleet's lanes that nobody owns, per lane in the order of their claims. */
async function waitingConversations(
  ctx: QueryCtx,
  lanes: readonly string[],
  most: number,
  workspace: string | null,
): Promise<WaitingView[]> {
  const found: WaitingView[] = [];
  for (const lane of lanes) {
    const ready =
      workspace === null
        ? ctx.db.query("conversations").withIndex("by_ready", (q) => q.eq("state", "ready").eq("pool", lane))
        : ctx.db
            .query("conversations")
            .withIndex("by_tenant", (q) =>
              q.eq("state", "ready").eq("pool", lane).eq("workspace", workspace),
            );
    for (const row of await ready.take(most)) {
      found.push({
        id: row._id,
        conversationId: row.conversationId,
        workspace: row.workspace,
        lane: row.lane,
        readyAt: row.readyAt,
      });
    }
  }
  return found;
}

/** Workers that nobody here launched and that polled lately without holding anything. */
async function freeElsewhere(ctx: QueryCtx, now: number): Promise<Observation["freeElsewhere"]> {
  const beats = await ctx.db
    .query("beats")
    .withIndex("by_alive", (q) => q.gt("aliveUntil", now))
    .take(MAX_ELSEWHERE);
  const free = [];
  for (const beat of beats) {
    const worker = await findWorker(ctx, beat.worker);
    if (worker?.provider !== "external" || worker.status !== "active" || worker.binding) continue;
    if ((await newestLease(ctx, beat.worker))?.state === "live") continue;
    free.push({ lanes: worker.lanes, workspace: worker.workspace ?? null });
  }
  return free;
}
