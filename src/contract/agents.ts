/** Agent profiles and the message runtime configuration. */
import { v } from "convex/values";
import { lazy, mutation, opt, orNull, query } from "./row.js";

export const vBridgeProfileConfig = lazy(() =>
  v.object({
    enabled: v.boolean(),
    baseUrl: opt.string,
    serviceId: opt.string,
    appKey: opt.string,
    serviceKeySecretRef: opt.string,
    appBaseUrlMapJsonSecretRef: opt.string,
  }),
);

/**
 * Creates or updates the profile of `agentKey`; returns its id, the same on every update.
 * - `workspace`: The tenant this agent belongs to; default `default`. Omitted on update keeps the stored one.
 * - `tag`: The tag (lane) of its messages, default `default`; may be `tag-$workspace` or `tag-$args[name]`.
 */
export const configureAgent = mutation("operators", { for: "admin" })(() => ({
  args: {
    agentKey: v.string(),
    version: v.string(),
    secretsRef: v.array(v.string()),
    bridgeConfig: v.optional(vBridgeProfileConfig),
    enabled: v.boolean(),
    workspace: opt.string,
    tag: opt.string,
  },
  returns: v.string(),
}));

export const vMessageConfig = lazy(() => v.object({ systemPrompt: opt.string }));
/** What `setMessageRuntimeConfig` stored; null when nothing is set. */
export const messageRuntimeConfig = query("operators", { for: "read", as: "getMessageRuntimeConfig" })(
  () => ({
    args: {},
    returns: v.union(vMessageConfig, v.null()),
  }),
);
/**
 * A blank or absent prompt removes the configuration. When set, it goes to the engine beside each message that is handed out
 * from then on; it is never part of what is stored. Throws `text_too_large` above the policy `queue.maxTextBytes`.
 */
export const setMessageRuntimeConfig = mutation("operators", { for: "admin" })(() => ({
  args: { messageConfig: vMessageConfig },
  returns: v.null(),
}));

/**
 * The secrets an agent needs; of an unknown agent none. Without a key: those of all enabled profiles (at most 200), each
 * once, sorted.
 */
export const getRequiredSecretRefs = query("operators", { for: "read" })(() => ({
  args: { agentKey: opt.string },
  returns: v.object({ agentKey: orNull.string, secretRefs: v.array(v.string()) }),
}));
