/**
 * Everything a pass decides upon, read by a query of its action: thousands of heartbeats must not retry it. What is acted upon is
 * read again by each command (`orders.ts`). Documents read: a few per live machine, and as many waiting conversations as could get one.
 */
import { asQuery } from "../functions.js";
import { v } from "convex/values";
import {
  vObservation,
  type MachineView,
  type Observation,
  type WaitingView,
} from "../../policy/fleet/types.js";
import type { Policies } from "../../contract/policies.js";
import { loadRuntime } from "../config/runtime.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import { newestLease } from "../workers/reads.js";
import { unsettledRows } from "./due.js";
import { around, firstOfNextTenant } from "../bounds/around.js";
import { savingUntil } from "../workers/saving.js";
import { living } from "../workers/living.js";
import { findBeat, findWorker } from "../workers/register.js";
import { findFence } from "./fences.js";
import { dayOf, usedOn } from "./machineHours.js";
import { readFleetState } from "./state.js";

/** More machines than this are not looked at in one pass; the cap is far below. */
export const MAX_MACHINES = 1_000;
/** Signs of life beyond these belong to workers that others run, or are older. */
const MAX_SIGNS = 4_000;
const MAX_WAITING = 100;
const MAX_ELSEWHERE = 100;
/** Workspaces below their cap whose first rows are looked at although others' fill the lane. */
const MAX_TENANTS = 32;

export const observe = asQuery({
  /**
   * `random`: a draw from 0..1, with which the workers elsewhere that are looked at change when there are too many. `spawnStep`: of
   * this pass, where it is not the policy's.
   */
  args: {
    now: v.number(),
    workspace: v.union(v.string(), v.null()),
    random: v.number(),
    /** When the pass's list was begun; 0: it has none that is whole. */
    listedAt: v.number(),
    spawnStep: v.optional(v.number()),
  },
  /** `launches`: those ordered so far; whoever launches names them (`orders.launch`). */
  returns: v.object({ view: vObservation, launches: v.number() }),
})(async (ctx, asked) => {
  const launches = (await findFence(ctx, "launch"))?.value ?? 0;
  return { view: await gather(ctx, { ...asked, launches }), launches };
});

async function gather(
  ctx: QueryCtx,
  asked: {
    now: number;
    workspace: string | null;
    random: number;
    listedAt: number;
    launches: number;
    spawnStep?: number;
  },
): Promise<Observation> {
  const { now, workspace, random, listedAt, launches } = asked;
  const { policies } = await loadRuntime(ctx);
  const { spawnStep = policies.scaling.spawnStep } = asked;
  const state = await readFleetState(ctx);
  const rows = await ctx.db
    .query("machines")
    .withIndex("by_live", (q) => q.eq("live", true))
    .take(MAX_MACHINES);
  const signs = await signsOfLife(ctx, rows.length, policies.lease.staleAfterMs);
  const machines: MachineView[] = [];
  for (const row of rows) machines.push(await machineView(ctx, row, { ...signs, now, policies }));
  const most = Math.min(MAX_WAITING, rows.length + spawnStep + 1);
  const { lanes } = policies.fleet;
  // Behind the lane that had its turn with the launch before: a step smaller than the number of lanes serves them in turn.
  const first = launches % lanes.length;
  const full = fullTenants(machines, policies.fleet.maxWorkersPerWorkspace);
  const waiting = inTurn(
    await Promise.all(
      [...lanes.slice(first), ...lanes.slice(0, first)].map((lane) =>
        workspace === null
          ? waitingInLane(ctx, lane, most, { full, last: lastTenant(machines) })
          : waitingOfTenant(ctx, lane, workspace, most),
      ),
    ),
  );
  const orphans = (await ctx.db.query("orphans").withIndex("by_firstSeenAt").take(MAX_MACHINES)).filter(
    ({ kind }) => kind === "machine",
  );
  const unsettled = await unsettledRows(ctx, Math.max(listedAt, state.listedWholeAt ?? 0)).take(MAX_MACHINES);
  // A name is one machine's at a time: whose is seen has come.
  const come = new Set(orphans.map(({ name }) => name));
  return {
    now,
    fleet: policies.fleet,
    scaling: policies.scaling,
    lease: policies.lease,
    machines,
    waiting,
    freeElsewhere: waiting.length === 0 ? [] : await freeElsewhere(ctx, now, random),
    orphans: orphans.length,
    unsettled: unsettled.filter(({ worker }) => !come.has(worker)).length,
    usedTodayMs: await usedOn(ctx, dayOf(now), rows, now),
    launchesPausedUntil: state.launchesPausedUntil ?? 0,
  };
}

/** Live leases and polls by worker. Two ranges for all machines: a function may read 4 096 ranges, and few per machine. */
interface SignsOfLife {
  live: Map<string, Doc<"leases">>;
  polledAt: Map<string, number>;
  /** Every poll is in it. Else a machine that is not is looked up by itself: others' workers must not make it look silent. */
  all: boolean;
}

async function signsOfLife(ctx: QueryCtx, machines: number, staleAfterMs: number): Promise<SignsOfLife> {
  if (machines === 0) return { live: new Map(), polledAt: new Map(), all: true };
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
    all: beats.length < MAX_SIGNS,
  };
}

async function machineView(
  ctx: QueryCtx,
  row: Doc<"machines">,
  { live, polledAt, all, now, policies }: SignsOfLife & { now: number; policies: Policies },
): Promise<MachineView> {
  const { staleAfterMs } = policies.lease;
  const worker = await ctx.db.get(row.workerRow);
  const held = live.get(row.worker);
  const lease = held ?? (await newestLease(ctx, row.worker));
  const binding = worker?.binding;
  const conversation = binding && (await ctx.db.get(binding.conversation));
  const beat = all || polledAt.has(row.worker) ? null : await findBeat(ctx, row.worker);
  const seenPolling = polledAt.get(row.worker) ?? (beat ? beat.aliveUntil - staleAfterMs : 0);
  const heardAt = Math.max(seenPolling, lease?.seenAt ?? 0);
  const isSaving = heardAt + staleAfterMs <= now && (await savingUntil(ctx, binding, policies.fleet)) > now;
  return {
    worker: row.worker,
    appName: row.appName,
    machineId: row.machineId ?? null,
    step: row.step,
    status: worker?.status ?? "stopped",
    workspace: worker?.workspace ?? null,
    stateful: worker?.stateful ?? false,
    heedsRequests: worker?.instance !== undefined,
    bound:
      binding && conversation
        ? {
            conversationId: binding.conversationId,
            workspace: binding.workspace,
            boundAt: binding.boundAt,
            hasWork: conversation.owner === row.worker && conversation.state !== "idle",
            owned: conversation.owner === row.worker,
            askedAt: binding.askedAt,
          }
        : null,
    busy: lease?.state === "live",
    seenAt: isSaving ? now : heardAt,
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

const tenantOf = ({ bound, workspace }: MachineView): string | null => bound?.workspace ?? workspace;

/** Workspaces that get no further machine, as the plan counts them. */
function fullTenants(machines: readonly MachineView[], cap: number): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const machine of machines) {
    const tenant = machine.step === "stopped" ? null : tenantOf(machine);
    if (tenant !== null) counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
  }
  return new Set([...counts].filter(([, count]) => count >= cap).map(([tenant]) => tenant));
}

/** The workspace of the newest machine: behind it the next ones have their turn. */
const lastTenant = (machines: readonly MachineView[]): string =>
  machines.map(tenantOf).findLast((tenant) => tenant !== null) ?? "";

/**
 * The first ready conversations of a lane that nobody owns, in the order of their claims; where they fill what is looked at, also the
 * first one of workspaces that may still get a machine.
 */
async function waitingInLane(
  ctx: QueryCtx,
  lane: string,
  most: number,
  { full, last }: { full: ReadonlySet<string>; last: string },
): Promise<WaitingView[]> {
  const rows = await ctx.db
    .query("conversations")
    .withIndex("by_ready", (q) => q.eq("state", "ready").eq("pool", lane))
    .take(most);
  if (rows.length < most) return rows.map(waitingView);
  const seen = new Set(rows.map(({ workspace }) => workspace));
  let left = MAX_TENANTS;
  let skipped = seen.size + full.size;
  await around(last, async (after) => {
    const first = await firstOfNextTenant(ctx, lane, after);
    if (!first) return undefined;
    if (seen.has(first.workspace) || full.has(first.workspace)) skipped -= 1;
    else {
      rows.push(first);
      left -= 1;
    }
    return left === 0 || skipped < 0 ? null : first.workspace;
  });
  return rows.map(waitingView);
}

const waitingOfTenant = async (
  ctx: QueryCtx,
  lane: string,
  workspace: string,
  most: number,
): Promise<WaitingView[]> => {
  const rows = await ctx.db
    .query("conversations")
    .withIndex("by_tenant", (q) => q.eq("state", "ready").eq("pool", lane).eq("workspace", workspace))
    .take(most);
  return rows.map(waitingView);
};

const waitingView = (row: Doc<"conversations">): WaitingView => ({
  id: row._id,
  conversationId: row.conversationId,
  workspace: row.workspace,
  lane: row.lane,
  readyAt: row.readyAt,
});

/** One of each, then the second of each, and so on. */
function inTurn<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, place) =>
    lists.flatMap((list) => list.slice(place, place + 1)),
  ).flat();
}

/** Workers that nobody here launched and that polled lately without holding anything. */
async function freeElsewhere(
  ctx: QueryCtx,
  now: number,
  random: number,
): Promise<Observation["freeElsewhere"]> {
  const free = [];
  for await (const beat of living(ctx, { now, random, most: MAX_ELSEWHERE })) {
    const worker = await findWorker(ctx, beat.worker);
    if (worker?.provider !== "external" || worker.status !== "active" || worker.binding) continue;
    if ((await newestLease(ctx, beat.worker))?.state === "live") continue;
    free.push({ lanes: worker.lanes, workspace: worker.workspace ?? null });
  }
  return free;
}
