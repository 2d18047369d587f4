/** What keeps the fleet from launching machines at all: for readiness and for the health report. */
import { blankFields } from "../../policy/fleet/providerConfig.js";
import { configFindings, type ConfigFacts } from "../../policy/ops/health.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadProviderConfig } from "../config/provider.js";
import { readFleetState, waitsForPause } from "../fleet/state.js";
import { currentProblem, isLaunchFailing, missingSecrets } from "./fleetFacts.js";

export async function configFacts(ctx: QueryCtx): Promise<ConfigFacts> {
  const config = await loadProviderConfig(ctx);
  const state = await readFleetState(ctx);
  return {
    hasConfig: config !== null,
    blank: config ? blankFields(config) : [],
    missingSecrets: config ? await missingSecrets(ctx, config) : [],
    problem: currentProblem(state),
    // Afterwards nothing takes the time away: it matters while somebody waits for it.
    launchesPausedUntil:
      isLaunchFailing(state) && waitsForPause(state) ? (state.launchesPausedUntil ?? null) : null,
  };
}

/** Empty when nothing does, and when no provider configuration is stored: then nobody wants machines. */
export async function fleetIssues(ctx: QueryCtx): Promise<{ code: string; message: string }[]> {
  return configFindings(await configFacts(ctx))
    .filter(({ severity }) => severity === "error")
    .map(({ code, text }) => ({ code, message: text }));
}
