/** The exposed functions whose arguments are not those of their contract row, and those that stand for no row of their own. */
import { v } from "convex/values";
import * as agents from "../../contract/agents.js";
import { factoryError } from "../../contract/errors.js";
import { reconcileWorkers } from "../../contract/fleet.js";
import { resolveAgentForUser } from "../../contract/identity.js";
import { dispatchDuePushJobs } from "../../contract/pushing.js";
import { vProviderConfig } from "../../contract/providers.js";
import { enqueue, vPayload } from "../../contract/queue.js";
import { opt } from "../../contract/row.js";
import { sendMessageToUserAgent } from "../../contract/views.js";
import { joinedRow, mappedRow, saidBy } from "./row.js";

/** 1.0.11's flat form. The lane and the number of attempts are the host's business and not offered here. */
const flatEnqueueArgs = {
  conversationId: v.string(),
  agentKey: v.string(),
  ...vPayload.fields,
  priority: opt.number,
  scheduledFor: opt.number,
  idempotencyKey: opt.string,
  providerConfig: v.optional(vProviderConfig),
};

/**
 * Keys are shared by a whole workspace; without a space of its own one conversation's key could swallow another's message. A
 * key with a colon needs the length of what stands before it, or `a` + `b:c` and `a:b` + `c` would be one key.
 */
const keyOf = (conversationId: string, key: string): string =>
  key.includes(":")
    ? `api-of:${conversationId.length}:${conversationId}:${key}`
    : `api:${conversationId}:${key}`;

const { saidByUser: _caller, ...sendArgs } = sendMessageToUserAgent.args;
const { workspaceId, scalingPolicy } = reconcileWorkers.args;

/** Rows whose exposed function takes other arguments. */
export const mapped = {
  enqueue: mappedRow(
    "enqueue",
    { ...saidBy(enqueue), args: flatEnqueueArgs },
    (
      { conversationId, agentKey, priority, scheduledFor, idempotencyKey, providerConfig, ...payload },
      caller,
    ) => ({
      conversationId,
      agentKey,
      priority,
      scheduledFor,
      idempotencyKey: idempotencyKey === undefined ? undefined : keyOf(conversationId, idempotencyKey),
      asUser: caller.isAdmin || caller.userId === null ? undefined : caller.userId,
      providerConfig,
      payload,
    }),
  ),
  sendMessageToUserAgent: mappedRow(
    "sendMessageToUserAgent",
    { ...saidBy(sendMessageToUserAgent), args: sendArgs },
    (args, { isAdmin }) => ({ ...args, saidByUser: isAdmin ? undefined : true }),
  ),
  // Of the user that `auth` returned, unless the call names one.
  myAgentKey: mappedRow(
    "resolveAgentForUser",
    { ...saidBy(resolveAgentForUser), args: { consumerUserId: opt.string } },
    ({ consumerUserId }, { userId }) => {
      const user = consumerUserId ?? userId;
      if (user === null) throw factoryError("invalid_argument", "consumerUserId is required");
      return { consumerUserId: user };
    },
  ),
  // 1.0.11's crons pass `nowMs` and nothing else that they should not.
  dispatchDuePushJobs: mappedRow(
    "dispatchDuePushJobs",
    {
      ...saidBy(dispatchDuePushJobs),
      args: { nowMs: opt.number, limit: opt.number },
      ignoredArgs: ["nowMs"],
    },
    ({ limit, providerConfig }) => ({ limit, providerConfig }),
  ),
};

/** Functions of 1.0.11 that stand for no row of their own. */
export const further = {
  seedDefaultAgent: mappedRow("configureAgent", { ...saidBy(agents.configureAgent), args: {} }, () => ({
    agentKey: "default",
    version: "1.0.0",
    secretsRef: ["telegram.botToken"],
    enabled: true,
  })),
  recoverQueue: joinedRow(
    {
      access: "system",
      args: { nowMs: opt.number, releaseLimit: opt.number, workspaceId, scalingPolicy },
      ignoredArgs: ["nowMs"],
      adminOnlyArgs: ["scalingPolicy"],
      fill: ["providerConfig"],
    },
    (step) => ({
      released: step("releaseStuckJobs", "mutation", ({ releaseLimit }) => ({ limit: releaseLimit })),
      reconcile: step("reconcileWorkers", "action", (args) => ({
        workspaceId: args.workspaceId,
        scalingPolicy: args.scalingPolicy,
        providerConfig: args.providerConfig,
      })),
    }),
  ),
};
