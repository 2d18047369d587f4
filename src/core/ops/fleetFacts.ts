/** What the fleet knows about itself, as facts for explanations and findings. */
import type { Policies } from "../../contract/policies.js";
import type { ProviderConfig } from "../../contract/providers.js";
import { blankFields } from "../../policy/fleet/providerConfig.js";
import type { BlockedReason, FleetFacts, Problem } from "../../policy/ops/facts.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadProviderConfig } from "../config/runtime.js";
import { requiredSecrets } from "../providers/kinds.js";
import { readFleetState, type FleetState, waitsForPause } from "../fleet/state.js";
import { activeSecret } from "../secrets/vault.js";
import { configFindings, type ConfigFacts } from "../../policy/ops/health.js";

/** Ended machines that are looked through for failed boots. */
const MAX_ENDED = 20;
const FAILED_BOOT = new Set(["never_booted", "died_at_boot"]);

/** What holds for everybody behind the conversation it was noted for, not for that one's workspace alone. */
const GENERAL: readonly BlockedReason[] = [
  "budget",
  "worker_cap",
  "launch_unsettled",
  "launches_paused",
  "launch_step",
];
const isBlockedReason = (reason: string): reason is BlockedReason =>
  reason === "workspace_cap" || reason === "predecessor" || GENERAL.some((known) => known === reason);

export async function fleetFacts(
  ctx: QueryCtx,
  policies: Policies,
  conversationId: string,
): Promise<FleetFacts> {
  const state = await readFleetState(ctx);
  const blocked = (state.blocked ?? []).flatMap((entry) =>
    isBlockedReason(entry.reason) ? [{ of: entry.conversationId, reason: entry.reason }] : [],
  );
  return {
    ...(await configFacts(ctx)),
    lanes: policies.fleet.lanes,
    launchFailing: isLaunchFailing(state),
    launchesPausedUntil: pausedUntil(state),
    blocked: blocked.find(({ of }) => of === conversationId)?.reason ?? null,
    blockedOthers: GENERAL.find((reason) => blocked.some((entry) => entry.reason === reason)) ?? null,
    nextPassAt: state.nextPassAt ?? null,
    lastPassAt: state.lastPassAt ?? null,
    limits: limitsOf(policies),
    failedBoots: await failedBoots(ctx, conversationId),
  };
}

export const limitsOf = ({ fleet, scaling }: Policies) => ({
  maxWorkers: scaling.maxWorkers,
  maxWorkersPerWorkspace: fleet.maxWorkersPerWorkspace,
  spawnStep: scaling.spawnStep,
  dailyMachineHours: fleet.dailyMachineHours,
});

/** In the order in which a pass asks for them. */
async function missingSecrets(ctx: QueryCtx, config: ProviderConfig): Promise<string[]> {
  const missing: string[] = [];
  for (const ref of requiredSecrets(config)) if (!(await activeSecret(ctx, ref))) missing.push(ref);
  return missing;
}

/** A launch failed and no machine has come up since. */
const isLaunchFailing = (state: FleetState): boolean =>
  (state.launchFailures ?? 0) > 0 && (state.launchesPausedUntil ?? 0) > (state.problem?.at ?? 0);

export const pausedUntil = (state: FleetState): number | null =>
  isLaunchFailing(state) ? (state.launchesPausedUntil ?? null) : null;

/** The fleet keeps its last problem for good; it stands while launches fail, or while no pass has begun after it. */
export function currentProblem(state: FleetState): Problem | null {
  const { problem } = state;
  if (!problem) return null;
  return isLaunchFailing(state) || problem.at >= (state.lastPassAt ?? 0) ? problem : null;
}

/** The machines last made for the conversation that never served, newest first, up to the last one that did. */
async function failedBoots(ctx: QueryCtx, conversationId: string): Promise<FleetFacts["failedBoots"]> {
  const ended = await ctx.db
    .query("machines")
    .withIndex("by_ended", (q) => q.eq("live", false))
    .order("desc")
    .take(MAX_ENDED);
  const ofIt = ended.filter(({ madeFor }) => madeFor === conversationId);
  const served = ofIt.findIndex(({ stop }) => !stop || !FAILED_BOOT.has(stop.reason));
  return (served < 0 ? ofIt : ofIt.slice(0, served)).map(({ worker, stop }) => ({
    worker,
    reason: stop?.reason ?? "unknown",
  }));
}

export async function configFacts(ctx: QueryCtx): Promise<ConfigFacts> {
  const config = await loadProviderConfig(ctx);
  const state = await readFleetState(ctx);
  return {
    hasConfig: config !== null,
    blank: config ? blankFields(config) : [],
    missingSecrets: config ? await missingSecrets(ctx, config) : [],
    problem: currentProblem(state),
    // Afterwards nothing takes the time away: it matters while somebody waits for it.
    launchesPausedUntil: waitsForPause(state) ? pausedUntil(state) : null,
  };
}

/** Empty when nothing does, and when no provider configuration is stored: then nobody wants machines. */
export async function fleetIssues(ctx: QueryCtx): Promise<{ code: string; message: string }[]> {
  return [...configFindings(await configFacts(ctx))]
    .filter(({ severity }) => severity === "error")
    .map(({ code, text }) => ({ code, message: text }));
}
