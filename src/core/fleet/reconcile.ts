/** The fleet's operations by hand: 1.0.11's names, arguments, results and error texts. */
import { v, type Infer } from "convex/values";
import { errorCodes, factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/fleet.js";
import type { ProviderConfig } from "../../contract/providers.js";
import { vProviderConfig } from "../../contract/providers.js";
import { asAction, asQuery, asMutation } from "../functions.js";
import { internal } from "../../component/_generated/api.js";
import type { ActionCtx } from "../../component/_generated/server.js";
import { loadProviderConfig } from "../config/runtime.js";
import { storeProviderConfig } from "../config/settings.js";
import { scalingFaults } from "../../policy/config/overrides.js";
import { blankFields } from "../../policy/fleet/providerConfig.js";
import { checkConfig, providerFor, type Inline } from "./credentials.js";
import { flyConfigOf } from "../providers/fly/config.js";
import { runPass } from "./pass.js";
import { deleteVolume } from "./deleteVolume.js";
import type { vRecentPass } from "./recent.js";
import { releaseOverdue } from "../queue/reap.js";

export const reconcileWorkers = asAction(contract.reconcileWorkers)(async (ctx, args) => {
  const faults = args.scalingPolicy ? scalingFaults(args.scalingPolicy) : [];
  if (faults.length > 0) throw factoryError("invalid_policy", faults.join("; "));
  const known = await recentPass(ctx, args);
  if (known) return { activeWorkers: known.active, spawned: 0, terminated: 0 };
  await ctx.runMutation(internal.fleet.releaseLeases, {});
  const config = await configFor(ctx, args.providerConfig);
  if (!config) return { activeWorkers: 0, spawned: 0, terminated: 0 };
  const { activeWorkers, spawned, terminated } = await runPass(ctx, config, {
    launch: true,
    list: true,
    workspace: args.workspaceId ?? null,
    inline: inlineOf(args),
    scaling: args.scalingPolicy,
    startedAt: null,
  });
  return { activeWorkers, spawned, terminated };
});

export const checkIdleShutdowns = asAction(contract.checkIdleShutdowns)(async (ctx, args) => {
  const known = await recentPass(ctx, args);
  if (known) {
    const { machines: checked, active, rearmed: nextCheckScheduled } = known;
    return { checked, stopped: 0, pending: checked - active, nextCheckScheduled };
  }
  const config = await configFor(ctx, args.providerConfig);
  if (!config) return { checked: 0, stopped: 0, pending: 0, nextCheckScheduled: false };
  const { checked, stopped, pending, rearmed } = await runPass(ctx, config, {
    launch: false,
    workspace: null,
    inline: inlineOf(args),
    startedAt: null,
  });
  return { checked, stopped, pending, nextCheckScheduled: rearmed };
});

/**
 * What the last pass found, when this call would only repeat it; null for one that brings something of its own. Throws again what
 * the provider answered a moment ago, without asking it.
 */
async function recentPass(
  ctx: ActionCtx,
  args: Given & { scalingPolicy?: unknown; providerConfig?: ProviderConfig | undefined },
): Promise<{ machines: number; active: number; rearmed: boolean } | null> {
  const own = [args.flyApiToken, args.convexUrl, args.scalingPolicy];
  if (own.some((argument) => argument !== undefined)) return null;
  const known: Infer<typeof vRecentPass> = await ctx.runQuery(internal.fleet.recentPass, {
    now: Date.now(),
    config: args.providerConfig,
  });
  if (known === null || !("refused" in known)) return known;
  const { code, message } = known.refused;
  throw factoryError(errorCodes.find((each) => each === code) ?? "internal", message);
}

/** The argument bears 1.0.11's name; it is the token of whichever provider is configured. */
interface Given {
  flyApiToken?: string;
  convexUrl?: string;
}

const inlineOf = ({ flyApiToken: token, convexUrl }: Given): Inline => ({
  ...(token === undefined ? {} : { token }),
  ...(convexUrl === undefined ? {} : { convexUrl }),
});

/** The given configuration, checked and stored; else the stored one, if it is complete. */
async function configFor(ctx: ActionCtx, given: ProviderConfig | undefined): Promise<ProviderConfig | null> {
  if (given) {
    checkConfig(given);
    await ctx.runMutation(internal.fleet.storeConfig, { config: given });
    return given;
  }
  const stored = await ctx.runQuery(internal.fleet.storedConfig, {});
  return stored && blankFields(stored).length === 0 ? stored : null;
}

export const storedConfig = asQuery({ args: {}, returns: v.union(v.null(), vProviderConfig) })((ctx) =>
  loadProviderConfig(ctx),
);

export const storeConfig = asMutation({ args: { config: vProviderConfig }, returns: v.null() })(async (
  ctx,
  { config },
) => {
  await storeProviderConfig(ctx, config);
  return null;
});

export const releaseLeases = asMutation({ args: {}, returns: v.number() })((ctx) => releaseOverdue(ctx));

export const deleteFlyVolume = asAction(contract.deleteFlyVolume)(async (ctx, args) => {
  const appName = args.appName.trim();
  const volumeId = args.volumeId.trim();
  if (appName === "" || volumeId === "")
    // 1.0.11's text.
    throw factoryError("invalid_argument", "appName e volumeId sono obbligatori.");
  const volume = { volumeId, reason: args.force === true ? ("forced" as const) : ("asked" as const) };
  // Before the token is asked for: without one it is in use all the same.
  let kept: string | null = await ctx.runQuery(internal.fleet.volumeKept, volume);
  if (kept === null) {
    const stored = await ctx.runQuery(internal.fleet.storedConfig, {});
    const provider = await providerFor(ctx, stored ?? flyConfigOf(appName), inlineOf(args), { appName });
    kept = await deleteVolume(ctx, provider, volume);
  }
  if (kept !== null) {
    const why =
      kept === "machine"
        ? "belongs to a machine that is still there."
        : "holds memory that was not saved. Pass force to delete it all the same.";
    throw factoryError("volume_in_use", `Volume '${volumeId}' ${why}`);
  }
  return { ok: true as const, status: 200, message: "Volume eliminato." };
});
