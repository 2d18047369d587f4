/** Messages to many people at once, and reusable texts sent to one. */
import { v } from "convex/values";
import { vProviderConfig } from "./providers.js";
import { templateFields, templateText } from "./pushing.js";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";

/** `done`: everybody was tried. `failed`: the run itself broke off. */
const vBroadcastStatus = lazy(() => oneOf("running", "done", "failed", "canceled"));
/** As it is kept, and shown. */
export const broadcastFields = lazy(() => ({
  companyId: v.string(),
  title: v.string(),
  text: v.string(),
  target: v.literal("all_active_agents"),
  requestedBy: v.string(),
  requestedAt: v.number(),
  status: vBroadcastStatus,
  totalTargets: v.number(),
}));
/**
 * - `totalTargets`: Bound users met so far; final once the status is no longer `running`.
 * - `error`: Why the run broke off.
 * - `failures`: The newest failures among the targets, at most 20; given by `getBroadcast` alone.
 */
const vBroadcastView = lazy(() =>
  v.object({
    broadcastId: v.string(),
    ...broadcastFields,
    enqueued: v.number(),
    failed: v.number(),
    completedAt: orNull.number,
    error: orNull.string,
    failures: v.optional(
      v.array(v.object({ consumerUserId: v.string(), agentKey: v.string(), error: v.string() })),
    ),
  }),
);

/**
 * Sends to the chat of every user who is bound, at the time of the call, to an enabled agent of that workspace. The first
 * batch is sent in this call and counted in its result; the rest follows by itself (`getBroadcast`).
 */
export const sendBroadcastToAllActiveAgents = mutation("broadcasts", {
  for: "admin",
  fill: ["providerConfig"],
})(() => ({
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
/** One broadcast and how far it is; null for an unknown one. */
export const getBroadcast = query("broadcasts", { for: "admin" })(() => ({
  args: { broadcastId: v.string() },
  returns: v.union(vBroadcastView, v.null()),
}));
/** Newest first; `before` is the `requestedAt` of the last one seen. */
export const listBroadcasts = query("broadcasts", { for: "admin" })(() => ({
  args: { companyId: v.string(), limit: opt.number, before: opt.number },
  returns: v.array(vBroadcastView),
}));
/** Stops before the next batch; messages already queued go out. false when it is not running. */
export const cancelBroadcast = mutation("broadcasts", { for: "admin" })(() => ({
  args: { broadcastId: v.string(), actorUserId: opt.string },
  returns: v.boolean(),
}));

const vMessageTemplateView = lazy(() => v.object({ _id: v.string(), ...templateFields }));
/** A text of a company that its staff send by hand; returns its id. */
export const createMessageTemplate = mutation("pushing", { for: "admin" })(() => ({
  args: { ...templateText, enabled: opt.boolean, actorUserId: v.string() },
  returns: v.string(),
}));
/** false when there is no such template. */
export const updateMessageTemplate = mutation("pushing", { for: "admin" })(() => ({
  args: {
    templateId: v.string(),
    title: opt.string,
    text: opt.string,
    enabled: opt.boolean,
    actorUserId: v.string(),
  },
  returns: v.boolean(),
}));
/** false when there is no such template. */
export const deleteMessageTemplate = mutation("pushing", { for: "admin" })(() => ({
  args: { templateId: v.string() },
  returns: v.boolean(),
}));
/** Those of that company alone, newest update first. */
export const listMessageTemplatesByCompany = query("pushing", { for: "admin" })(() => ({
  args: { companyId: v.string(), includeDisabled: opt.boolean, limit: opt.number, before: opt.number },
  returns: v.array(vMessageTemplateView),
}));
/** Enqueues the template's text in the chat of that user and agent; returns the message's id. */
export const sendMessageTemplateToUserAgent = mutation("pushing", { for: "admin", fill: ["providerConfig"] })(
  () => ({
    args: {
      templateId: v.string(),
      consumerUserId: v.string(),
      agentKey: v.string(),
      metadata: v.optional(v.record(v.string(), v.string())),
      providerConfig: v.optional(vProviderConfig),
    },
    returns: v.string(),
  }),
);
