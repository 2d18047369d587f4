/** Gathers what could be wrong; what counts as wrong is a pure function (`policy/ops/health.ts`). */
import * as contract from "../../contract/ops.js";
import type { Policies } from "../../contract/policies.js";
import { isBudgetUsed } from "../../policy/fleet/plan.js";
import { findingsOf, type AccountFacts, type HealthFacts } from "../../policy/ops/health.js";
import { AFTER_OWNED_POOLS } from "../../policy/queue/lane.js";
import {
  isAlikeForAll,
  missingLane,
  type LaneServer,
  type MissingLane,
} from "../../policy/queue/servable.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { asQuery } from "../functions.js";
import { firstOfNextTenant } from "../bounds/around.js";
import { dayOf, usedOn } from "../fleet/machineHours.js";
import { readFleetState } from "../fleet/state.js";
import { isElsewhere } from "./readiness.js";
import { secretStoreReadiness } from "../secrets/readiness.js";
import { isHeard } from "../channels/credentials.js";
import { channelOf } from "../channels/registry.js";
import { configFacts } from "./fleetFacts.js";
import { liveWorkers } from "./serverFacts.js";
import { workerTrouble } from "./workerFacts.js";

const MAX_MACHINES = 1_000;
const MAX_ENDED = 10;
const MAX_VOLUMES = 100;
/** Lanes in which something waits that are looked at: those of the fleet and of workers, then the others by name. */
const MAX_LANES_SEEN = 200;
const MAX_UNSERVED_SHOWN = 32;
/** Workspaces of one lane that are looked at, and those shown of them: one lane shall not hide the others. */
const MAX_TENANTS_SEEN = 50;
const MAX_TENANTS_SHOWN = 4;
const MAX_ACCOUNTS = 50;
const STUCK_FAILURES = 3;
/** Failures of ended machines that are older than this, counted back from the last pass, are history. */
const RECENT_MS = 3_600_000;
const FAILED = new Set(["never_launched", "never_booted", "died_at_boot", "machine_lost"]);

export const fleetHealth = asQuery(contract.fleetHealth)(async (ctx) => {
  const { policies } = await loadRuntime(ctx);
  const config = await configFacts(ctx);
  const state = await readFleetState(ctx);
  const asOf = state.lastPassAt ?? 0;
  const reasons = (state.blocked ?? []).map(({ reason }) => reason);
  const findings = findingsOf({
    ...config,
    ...(await machineFacts(ctx, asOf, policies)),
    ...(await leftovers(ctx)),
    ...(await workerTrouble(ctx, policies)),
    ...(await unservedLanes(ctx, policies, config.hasConfig)),
    blocked: [...new Set(reasons)].map((reason) => ({
      reason,
      conversations: reasons.filter((other) => other === reason).length,
    })),
    secrets: (await secretStoreReadiness.handler(ctx, {})).issues,
    accounts: await accountFacts(ctx),
  });
  return { healthy: findings.every(({ severity }) => severity === "info"), findings };
});

async function machineFacts(
  ctx: QueryCtx,
  asOf: number,
  { fleet }: Policies,
): Promise<Pick<HealthFacts, "stuck" | "unlisted" | "silent" | "failedMachines" | "budgetUsed">> {
  const live = await ctx.db
    .query("machines")
    .withIndex("by_live", (q) => q.eq("live", true))
    .take(MAX_MACHINES);
  const ended = await ctx.db
    .query("machines")
    .withIndex("by_ended", (q) => q.eq("live", false).gt("stoppedAt", asOf - RECENT_MS))
    .order("desc")
    .take(MAX_ENDED);
  return {
    // A machine that serves has no deadline.
    stuck: live
      .filter(
        ({ step, failures, gaveUp, stepDeadlineAt }) =>
          gaveUp === true || failures >= STUCK_FAILURES || (step !== "running" && stepDeadlineAt < asOf),
      )
      .map(({ worker, step, failures, gaveUp = false, problem = null }) => ({
        worker,
        step,
        failures,
        gaveUp,
        problem,
      })),
    unlisted: live.filter(({ missed = 0 }) => missed > 0).map(({ worker }) => worker),
    budgetUsed: isBudgetUsed(await usedOn(ctx, dayOf(asOf), live, asOf), fleet)
      ? fleet.dailyMachineHours
      : null,
    silent: live.filter(({ drain }) => drain?.reason === "silent").map(({ worker }) => worker),
    failedMachines: ended.flatMap(({ worker, image, stop }) =>
      stop && FAILED.has(stop.reason) ? [{ worker, image, reason: stop.reason }] : [],
    ),
  };
}

async function leftovers(ctx: QueryCtx): Promise<Pick<HealthFacts, "quarantined" | "orphans">> {
  const kept = await ctx.db.query("quarantinedVolumes").withIndex("by_deleteAfter").take(MAX_VOLUMES);
  // A machine that has it mounted is about to save it.
  const volumes = kept.filter(({ takenBy }) => takenBy === undefined);
  const [first] = volumes;
  const orphans = await ctx.db.query("orphans").withIndex("by_firstSeenAt").take(MAX_VOLUMES);
  return {
    quarantined: first ? { count: volumes.length, firstDeletedAt: first.deleteAfter } : null,
    orphans: {
      count: orphans.length,
      failing: orphans.find(({ problem }) => problem !== undefined)?.problem ?? null,
    },
  };
}

/** One conversation per lane and workspace that has any ready, and whether somebody serves it. */
async function unservedLanes(
  ctx: QueryCtx,
  { fleet }: Policies,
  launches: boolean,
): Promise<Pick<HealthFacts, "lanes" | "moreLanes">> {
  const servers: LaneServer[] = (await liveWorkers(ctx)).map(({ lanes, workspace, status }) => ({
    lanes,
    workspace: workspace ?? null,
    active: status === "active",
  }));
  if (launches) servers.push({ lanes: fleet.lanes, workspace: null, active: true });
  const listed = new Set([...fleet.lanes, ...servers.flatMap(({ lanes }) => lanes)]);
  const named = new Set([...listed].slice(0, MAX_LANES_SEEN));
  const lanes: MissingLane[] = [];
  let seen = 0;
  let moreLanes = false;
  const look = async (lane: string): Promise<void> => {
    const before = lanes.length;
    let tenant = await firstOfNextTenant(ctx, lane, "");
    if (tenant) seen += 1;
    for (let left = MAX_TENANTS_SEEN; tenant; left -= 1) {
      if (left === 0 || lanes.length - before === MAX_TENANTS_SHOWN) {
        moreLanes = true;
        return;
      }
      const missing = missingLane(tenant, servers);
      if (missing) lanes.push(missing);
      if (isAlikeForAll(lane, servers)) return;
      tenant = await firstOfNextTenant(ctx, lane, tenant.workspace);
    }
  };
  const behind = (pool: string) =>
    ctx.db
      .query("conversations")
      .withIndex("by_ready", (q) => q.eq("state", "ready").gt("pool", pool))
      .first();
  const isEnough = () => seen >= MAX_LANES_SEEN || lanes.length >= MAX_UNSERVED_SHOWN;
  for (const lane of named) {
    if (isEnough()) return { lanes, moreLanes: true };
    await look(lane);
  }
  for (let after = ""; ;) {
    const first = await behind(after);
    if (!first) return { lanes, moreLanes };
    if (first.pool !== first.lane) after = AFTER_OWNED_POOLS;
    else {
      after = first.pool;
      if (named.has(after)) continue;
      if (isEnough()) return { lanes, moreLanes: true };
      await look(after);
    }
  }
}

async function accountFacts(ctx: QueryCtx): Promise<AccountFacts[]> {
  const accounts = await ctx.db.query("channelAccounts").take(MAX_ACCOUNTS);
  const facts = accounts.map(async (account): Promise<AccountFacts[]> => {
    const words = channelOf(account.channel).capabilities.webhook?.words;
    if (!words) return [];
    return [
      {
        words,
        accountId: account.accountId,
        agentKey: account.agentKey,
        verified: isHeard(account),
        elsewhere: await isElsewhere(ctx, account),
        // A channel never forgets an error; it matters while messages wait for delivery.
        lastError: (account.pendingUpdateCount ?? 0) > 0 ? (account.lastErrorMessage ?? null) : null,
      },
    ];
  });
  return (await Promise.all(facts)).flat();
}
