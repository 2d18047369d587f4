/** The fleet: machines that come when conversations wait and go when nothing does. */
import { v } from "convex/values";
import { vScalingPolicy } from "./policies.js";
import { vProviderConfig } from "./providers.js";
import { action, mutation, opt, query } from "./row.js";

/** Where machines come from, as `setProviderRuntimeConfig` stored it; null when nothing is set. */
export const providerRuntimeConfig = query("operators", {
  for: "read",
  as: "getProviderRuntimeConfig",
  adminOnlyFields: ["env"],
})(() => ({
  args: {},
  returns: v.union(vProviderConfig, v.null()),
}));
/** Stores where machines come from. Fields may be blank here; a pass that needs them says which are. */
export const setProviderRuntimeConfig = mutation("operators", { for: "admin" })(() => ({
  args: { providerConfig: vProviderConfig },
  returns: v.null(),
}));

/**
 * One pass over the fleet now. What is passed holds for this pass; a `providerConfig` is stored as well (hosts only).
 * `spawned`: launches ordered by this pass; `terminated`: workers that left `active` in it.
 *
 * Throws `invalid_policy` (a `scalingPolicy` that `setPolicies` would refuse), `provider_config_missing`, `fly_token_missing`, `convex_url_missing`, `provider_unsupported`,
 * `provider_failed` (the listing itself). A launch that fails is recorded on its machine and in readiness.
 * - `workspaceId`: Only this tenant's conversations get machines in this pass.
 */
export const reconcileWorkers = action("cloud", {
  for: "system",
  as: "startWorkers",
  adminOnly: ["flyApiToken", "convexUrl", "scalingPolicy"],
  hostOnly: ["providerConfig"],
  fill: ["providerConfig"],
})(() => ({
  args: {
    flyApiToken: opt.string,
    convexUrl: opt.string,
    workspaceId: opt.string,
    scalingPolicy: v.optional(vScalingPolicy),
    providerConfig: v.optional(vProviderConfig),
  },
  returns: v.object({ activeWorkers: v.number(), spawned: v.number(), terminated: v.number() }),
}));

/**
 * A pass that launches nothing. `checked`: machines looked at; `stopped`: those that it ordered to be stopped and taken away, each
 * counted once; `pending`: those on their way out, with them. Throws as `reconcileWorkers`.
 */
export const checkIdleShutdowns = action("cloud", {
  for: "system",
  adminOnly: ["flyApiToken"],
  hostOnly: ["providerConfig"],
  fill: ["providerConfig"],
})(() => ({
  args: { flyApiToken: opt.string, providerConfig: v.optional(vProviderConfig) },
  returns: v.object({
    checked: v.number(),
    stopped: v.number(),
    pending: v.number(),
    nextCheckScheduled: v.boolean(),
  }),
}));

/**
 * Deletes one volume by hand. Refused while one of our machines uses it or it holds memory that was not saved
 * (`volume_in_use`); `force` overrides the latter.
 */
export const deleteFlyVolume = action("cloud", { for: "admin" })(() => ({
  args: {
    appName: v.string(),
    volumeId: v.string(),
    flyApiToken: opt.string,
    force: opt.boolean,
  },
  returns: v.object({ ok: v.literal(true), status: v.number(), message: v.string() }),
}));
