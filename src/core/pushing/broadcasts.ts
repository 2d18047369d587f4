/** Broadcasts: begin, watch, cancel. Writes `messagePushBroadcasts`. */
import * as contract from "../../contract/broadcasts.js";
import { factoryError } from "../../contract/errors.js";
import { recordAct } from "../audit/record.js";
import { asMutation, asQuery } from "../functions.js";
import { clampLimit, pageOf } from "../bounds/bounded.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import { deliverBatch, startRun } from "./broadcastRun.js";
import { checkTexts, findGiven } from "../bounds/texts.js";
import { reachableWorkspaces } from "./target.js";

const SHOWN_FAILURES = 20;

export const sendBroadcastToAllActiveAgents = asMutation(contract.sendBroadcastToAllActiveAgents)(async (
  ctx,
  { companyId, title, text, requestedBy, providerConfig },
) => {
  await checkTexts(ctx, { companyId, text: `${title}\n\n${text}` });
  const now = Date.now();
  const broadcastId = await ctx.db.insert("messagePushBroadcasts", {
    companyId,
    title,
    text,
    requestedBy,
    requestedAt: now,
    target: "all_active_agents",
    status: "running",
    totalTargets: 0,
    enqueuedCount: 0,
    failedCount: 0,
    cursor: { workspaces: await reachableWorkspaces(ctx, companyId) },
    progressAt: now,
  });
  await recordAct(ctx, {
    kind: "broadcast.requested",
    actor: `user:${requestedBy}`,
    subject: broadcastId,
    detail: { companyId },
  });
  const broadcast = await deliverBatch(ctx, broadcastId, providerConfig);
  if (broadcast === null) throw factoryError("internal", "The broadcast vanished while it was begun");
  if (broadcast.status === "running") await startRun(ctx, broadcastId);
  const { totalTargets, enqueuedCount, failedCount } = broadcast;
  return { broadcastId, totalTargets, enqueued: enqueuedCount, failed: failedCount };
});

export const getBroadcast = asQuery(contract.getBroadcast)(async (ctx, { broadcastId }) => {
  const broadcast = await findGiven(ctx, "messagePushBroadcasts", broadcastId);
  if (!broadcast) return null;
  const failures = await ctx.db
    .query("messagePushBroadcastDispatches")
    .withIndex("by_status", (q) => q.eq("broadcastId", broadcast._id).eq("status", "failed"))
    .order("desc")
    .take(SHOWN_FAILURES);
  return {
    ...broadcastView(broadcast),
    failures: failures.map(({ consumerUserId, agentKey, error }) => ({
      consumerUserId,
      agentKey,
      error: error ?? "",
    })),
  };
});

export const listBroadcasts = asQuery(contract.listBroadcasts)(async (
  ctx,
  { companyId, limit, before = Infinity },
) => {
  const newestFirst = ctx.db
    .query("messagePushBroadcasts")
    .withIndex("by_company", (q) => q.eq("companyId", companyId).lt("requestedAt", before))
    .order("desc");
  return (await pageOf(newestFirst, clampLimit(limit, 50, 200))).map(broadcastView);
});

export const cancelBroadcast = asMutation(contract.cancelBroadcast)(async (
  ctx,
  { broadcastId, actorUserId },
) => {
  const broadcast = await findGiven(ctx, "messagePushBroadcasts", broadcastId);
  if (broadcast?.status !== "running") return false;
  // Its run finds this at its next batch and ends.
  await ctx.db.patch(broadcast._id, { status: "canceled", completedAt: Date.now() });
  await recordAct(ctx, {
    kind: "broadcast.canceled",
    actor: actorUserId === undefined ? "host" : `user:${actorUserId}`,
    subject: broadcast._id,
  });
  return true;
});

function broadcastView({ _creationTime, cursor: _, progressAt: _at, ...row }: Doc<"messagePushBroadcasts">) {
  const { _id: broadcastId, enqueuedCount: enqueued, failedCount: failed, ...shown } = row;
  const { completedAt = null, error = null } = row;
  return { ...shown, broadcastId, enqueued, failed, completedAt, error };
}
