/**
 * One pass: observe → plan → apply. Level-triggered: it looks at what is, not at what happened, so a lost or repeated wake-up
 * changes nothing but the time. The provider is listed only when its answer can matter.
 */
import { asMutation, asQuery, asAction } from "../functions.js";
import { v } from "convex/values";
import type { ProviderConfig } from "../../contract/fleet.js";
import type { Policies } from "../../contract/policies.js";
import { vProviderConfig } from "../../contract/queue.js";
import { internal } from "../../component/_generated/api.js";
import type { ActionCtx } from "../../component/_generated/server.js";
import { loadProviderConfig } from "../config/provider.js";
import { loadRuntime } from "../config/runtime.js";
import type { MachineProvider } from "../providers/provider.js";
import { checkConfig, deploymentTag, providerFor, urlsFor, type Inline } from "./credentials.js";
import { failureOf, launchMachine } from "./launch.js";
import { listingOf, volumeListingOf, type VolumeListing } from "./listing.js";
import { retireMachine } from "./retire.js";
import { patchFleetState, readFleetState, wakeFleet } from "./state.js";

/** While every machine just serves, its state at the provider is looked at this often. */
const LIST_EVERY_MS = 60_000;
/** A pass that is wanted while another runs comes after it: this is how often it looks. */
const WHILE_RUNNING_MS = 2_000;
/** With no machine at all only a forgotten one could be found. */
const LIST_IDLE_EVERY_MS = 3_600_000;

export const run = asAction({ args: { passId: v.number() }, returns: v.null() })(async (ctx, { passId }) => {
  const config = await ctx.runMutation(internal.fleet.beginPass, { passId });
  if (!config) return null;
  try {
    checkConfig(config);
    await runPass(ctx, config, { launch: true, workspace: null, inline: {} });
  } catch (error) {
    await ctx.runMutation(internal.fleet.recordPassFailure, failureOf(error));
  }
  return null;
});

/** Takes the pass if it is still the one that is wanted and no other runs; null: there is nothing to do. */
export const begin = asMutation({
  args: { passId: v.number() },
  returns: v.union(v.null(), vProviderConfig),
})(async (ctx, { passId }) => {
  const state = await readFleetState(ctx);
  if (state?.passId !== passId) return null;
  const now = Date.now();
  const config = await loadProviderConfig(ctx);
  if (!config) {
    await patchFleetState(ctx, { passAt: undefined });
    return null;
  }
  const { fleet } = (await loadRuntime(ctx)).policies;
  // Beyond the deadline the other one died with its action.
  if (state.runningSince !== undefined && state.runningSince > now - fleet.stepDeadlineMs) {
    await patchFleetState(ctx, { passAt: undefined });
    await wakeFleet(ctx, now + WHILE_RUNNING_MS);
    return null;
  }
  await patchFleetState(ctx, { passAt: undefined, runningSince: now, lastPassAt: now });
  return config;
});

/** The pass could not even look. Said where the operator sees it; tried again after a while. */
export const failed = asMutation({
  args: { code: v.string(), message: v.string(), retryable: v.boolean(), kind: v.optional(v.string()) },
  returns: v.null(),
})(async (ctx, { code, message, retryable }) => {
  const now = Date.now();
  await patchFleetState(ctx, { runningSince: undefined, problem: { code, message, at: now } });
  console.warn(`fleet.passFailed code=${code}`);
  await wakeFleet(ctx, now + (retryable ? LIST_EVERY_MS / 2 : LIST_EVERY_MS));
  return null;
});

/** What is worth asking the provider in this pass. */
export const asks = asQuery({
  args: { now: v.number() },
  returns: v.object({ machines: v.boolean(), volumes: v.boolean() }),
})(async (ctx, { now }) => {
  const state = await readFleetState(ctx);
  const live = await ctx.db
    .query("machines")
    .withIndex("by_live", (q) => q.eq("live", true))
    .take(1_000);
  const orphan = await ctx.db.query("orphans").withIndex("by_firstSeenAt").first();
  const sinceList = now - (state?.lastListedAt ?? 0);
  const changing = live.some(
    ({ step, drain }) => step === "booting" || (step === "running" && drain !== undefined),
  );
  const due =
    live.length === 0 && !orphan ? sinceList >= LIST_IDLE_EVERY_MS : sinceList >= LIST_EVERY_MS || changing;
  const sinceVolumes = now - (state?.lastVolumesListedAt ?? 0);
  return {
    machines: due || orphan !== null || state?.listWanted === true,
    volumes:
      state?.volumesDirty === true || orphan?.kind === "volume" || sinceVolumes >= LIST_IDLE_EVERY_MS * 24,
  };
});

export interface PassOptions {
  launch: boolean;
  workspace: string | null;
  inline: Inline;
  scaling?: Policies["scaling"];
  /** Ask the provider whatever the state says. */
  list?: boolean;
}

/** Throws what `providerFor`, `urlsFor` and the listing throw; everything else is recorded where it belongs. */
export async function runPass(ctx: ActionCtx, config: ProviderConfig, options: PassOptions) {
  const provider = await providerFor(ctx, config, options.inline);
  // A launch could not work without them; better said before anything is ordered.
  if (options.launch) await urlsFor(ctx, options.inline);
  const asked = await ctx.runQuery(internal.fleet.passAsks, { now: Date.now() });
  const listing =
    options.list || asked.machines
      ? listingOf(await provider.listMachines(), await deploymentTag(ctx))
      : null;
  const volumes = asked.volumes ? await listedVolumes(provider) : null;
  const schedule = options.inline.flyApiToken === undefined;
  const result = await ctx.runMutation(internal.fleet.applyPlan, {
    config,
    listing,
    volumes,
    launch: options.launch,
    scaling: options.scaling,
    workspace: options.workspace,
    schedule,
  });
  if (!schedule) {
    for (const intent of result.launches) await launchMachine(ctx, intent, options.inline);
    for (const intent of result.retirements) await retireMachine(ctx, intent, options.inline);
  }
  return result;
}

/** null: incomplete, so nothing can be concluded from what it lacks. */
async function listedVolumes(provider: MachineProvider): Promise<VolumeListing | null> {
  const { volumes, complete } = await provider.listVolumes();
  return complete ? volumeListingOf(volumes) : null;
}
