/** Messages to many people at once, and reusable texts sent to one. */
import { v } from "convex/values";
import { vProviderConfig } from "./providers.js";
import { defineRow, lazy } from "./row.js";

/** `done`: everybody was tried. `failed`: the run itself broke off. */
export const vBroadcastStatus = lazy(() =>
  v.union(v.literal("running"), v.literal("done"), v.literal("failed"), v.literal("canceled")),
);
/**
 * - `totalTargets`: Bound users met so far; final once the status is no longer `running`.
 * - `error`: Why the run broke off.
 * - `failures`: The newest failures among the targets, at most 20; given by `getBroadcast` alone.
 */
const vBroadcastView = lazy(() =>
  v.object({
    broadcastId: v.string(),
    companyId: v.string(),
    title: v.string(),
    text: v.string(),
    target: v.literal("all_active_agents"),
    requestedBy: v.string(),
    requestedAt: v.number(),
    status: vBroadcastStatus,
    totalTargets: v.number(),
    enqueued: v.number(),
    failed: v.number(),
    completedAt: v.union(v.number(), v.null()),
    error: v.union(v.string(), v.null()),
    failures: v.optional(
      v.array(v.object({ consumerUserId: v.string(), agentKey: v.string(), error: v.string() })),
    ),
  }),
);

/**
 * Sends to the chat of every user who is bound, at the time of the call, to an enabled agent of that workspace. The first
 * batch is sent in this call and counted in its result; the rest follows by itself (`getBroadcast`).
 */
export const sendBroadcastToAllActiveAgents = defineRow(() => ({
  args: {
    companyId: v.string(),
    title: v.string(),
    text: v.string(),
    requestedBy: v.string(),
    providerConfig: v.optional(vProviderConfig),
  },
  returns: v.object({
    broadcastId: v.string(),
    totalTargets: v.number(),
    enqueued: v.number(),
    failed: v.number(),
  }),
}));
export const getBroadcast = defineRow(() => ({
  args: { broadcastId: v.string() },
  returns: v.union(vBroadcastView, v.null()),
}));
/** Newest first; `before` is the `requestedAt` of the last one seen. */
export const listBroadcasts = defineRow(() => ({
  args: { companyId: v.string(), limit: v.optional(v.number()), before: v.optional(v.number()) },
  returns: v.array(vBroadcastView),
}));
/** Stops before the next batch; messages already queued go out. false when it is not running. */
export const cancelBroadcast = defineRow(() => ({
  args: { broadcastId: v.string(), actorUserId: v.optional(v.string()) },
  returns: v.boolean(),
}));

const vMessageTemplateView = lazy(() =>
  v.object({
    _id: v.string(),
    companyId: v.string(),
    templateKey: v.string(),
    title: v.string(),
    text: v.string(),
    enabled: v.boolean(),
    createdBy: v.string(),
    updatedBy: v.string(),
    createdAt: v.number(),
    updatedAt: v.number(),
  }),
);
export const createMessageTemplate = defineRow(() => ({
  args: {
    companyId: v.string(),
    templateKey: v.string(),
    title: v.string(),
    text: v.string(),
    enabled: v.optional(v.boolean()),
    actorUserId: v.string(),
  },
  returns: v.string(),
}));
/** false when there is no such template. */
export const updateMessageTemplate = defineRow(() => ({
  args: {
    templateId: v.string(),
    title: v.optional(v.string()),
    text: v.optional(v.string()),
    enabled: v.optional(v.boolean()),
    actorUserId: v.string(),
  },
  returns: v.boolean(),
}));
export const deleteMessageTemplate = defineRow(() => ({
  args: { templateId: v.string() },
  returns: v.boolean(),
}));
/** Those of that company alone, newest update first. */
export const listMessageTemplatesByCompany = defineRow(() => ({
  args: {
    companyId: v.string(),
    includeDisabled: v.optional(v.boolean()),
    limit: v.optional(v.number()),
    before: v.optional(v.number()),
  },
  returns: v.array(vMessageTemplateView),
}));
/** Enqueues the template's text in the chat of that user and agent; returns the message's id. */
export const sendMessageTemplateToUserAgent = defineRow(() => ({
  args: {
    templateId: v.string(),
    consumerUserId: v.string(),
    agentKey: v.string(),
    metadata: v.optional(v.record(v.string(), v.string())),
    providerConfig: v.optional(vProviderConfig),
  },
  returns: v.string(),
}));
