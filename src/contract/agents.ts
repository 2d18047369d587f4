/** Agent profiles and the message runtime configuration. */
import { v } from "convex/values";
import { defineRow, lazy } from "./row.js";

export const vBridgeProfileConfig = lazy(() =>
  v.object({
    enabled: v.boolean(),
    baseUrl: v.optional(v.string()),
    serviceId: v.optional(v.string()),
    appKey: v.optional(v.string()),
    serviceKeySecretRef: v.optional(v.string()),
    appBaseUrlMapJsonSecretRef: v.optional(v.string()),
  }),
);

/**
 * Creates or updates the profile of `agentKey`; returns its id, the same on every update.
 * - `workspace`: The tenant this agent belongs to; default `default`. Omitted on update keeps the stored one.
 * - `tag`: The tag (lane) of its messages, default `default`; may be `tag-$workspace` or `tag-$args[name]`.
 */
export const configureAgent = defineRow({ kind: "mutation", module: "operators", access: "admin" })(() => ({
  args: {
    agentKey: v.string(),
    version: v.string(),
    secretsRef: v.array(v.string()),
    bridgeConfig: v.optional(vBridgeProfileConfig),
    enabled: v.boolean(),
    workspace: v.optional(v.string()),
    tag: v.optional(v.string()),
  },
  returns: v.string(),
}));

export const vMessageConfig = lazy(() => v.object({ systemPrompt: v.optional(v.string()) }));
export const messageRuntimeConfig = defineRow({
  kind: "query",
  module: "operators",
  access: "read",
  as: "getMessageRuntimeConfig",
})(() => ({
  args: {},
  returns: v.union(vMessageConfig, v.null()),
}));
/**
 * A blank or absent prompt removes the configuration. When set, it goes to the engine beside each message that is handed out
 * from then on; it is never part of what is stored. Throws `text_too_large` above the policy `queue.maxTextBytes`.
 */
export const setMessageRuntimeConfig = defineRow({ kind: "mutation", module: "operators", access: "admin" })(
  () => ({
    args: { messageConfig: vMessageConfig },
    returns: v.null(),
  }),
);

/**
 * The secrets an agent needs; of an unknown agent none. Without a key: those of all enabled profiles (at most 200), each
 * once, sorted.
 */
export const getRequiredSecretRefs = defineRow({ kind: "query", module: "operators", access: "read" })(
  () => ({
    args: { agentKey: v.optional(v.string()) },
    returns: v.object({ agentKey: v.union(v.string(), v.null()), secretRefs: v.array(v.string()) }),
  }),
);
