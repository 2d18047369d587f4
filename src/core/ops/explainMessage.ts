/** Gathers what is known about one message; the reason itself is a pure function (`policy/ops/explain.ts`). */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/ops.js";
import { explain } from "../../policy/ops/explain.js";
import { giveUpAt } from "../../policy/queue/retry.js";
import type { ConversationFacts, MessageFacts } from "../../policy/ops/facts.js";
import type { Policies } from "../../contract/policies.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { asQuery } from "../functions.js";
import { messageIdOf } from "../queue/lease.js";
import { fleetFacts } from "./fleetFacts.js";
import { machineRow, ownerFacts, serversFor } from "./serverFacts.js";
import { silentOwnerOf } from "./workerFacts.js";

export const explainMessage = asQuery(contract.explainMessage)(async (ctx, { messageId }) => {
  const message = await ctx.db.get(messageIdOf(ctx, messageId));
  const conversation = message && (await ctx.db.get(message.conversation));
  if (!conversation) {
    throw factoryError(
      "message_not_found",
      `There is no message '${messageId}'. Answered messages and dead letters are deleted after their retention.`,
    );
  }
  const { policies } = await loadRuntime(ctx);
  const facts = await gather(ctx, message, conversation, policies);
  const { behind, ...verdict } = explain(facts);
  const { isHead } = facts.message;
  const holder = facts.lease?.worker ?? conversation.owner ?? null;
  return {
    ...verdict,
    behind,
    state: stateOf(verdict.reason),
    messageId: message._id,
    conversationId: message.conversationId,
    agentKey: message.agentKey,
    workspace: message.workspace,
    lane: message.lane,
    dueAt: message.dueAt,
    endedAt: message.endedAt ?? null,
    attempts: message.attempts ?? (isHead ? conversation.attempts : 0),
    maxAttempts: message.maxAttempts ?? policies.retry.maxAttempts,
    lastError: message.lastError ?? (isHead ? (conversation.lastError ?? null) : null),
    workerId: holder,
    machineId: holder === null ? null : ((await machineRow(ctx, holder))?.machineId ?? null),
    leaseExpiresAt: isHead ? (facts.lease?.expiresAt ?? null) : null,
  };
});

function stateOf(reason: contract.Reason): "answered" | "in_flight" | "waiting" | "dead_letter" {
  return reason === "answered" || reason === "in_flight" || reason === "dead_letter" ? reason : "waiting";
}

async function gather(
  ctx: QueryCtx,
  message: Doc<"messageQueue">,
  conversation: Doc<"conversations">,
  policies: Policies,
): Promise<MessageFacts> {
  const waits = message.status === "queued" && conversation.state === "ready";
  return {
    message: {
      status: message.status,
      dueAt: message.dueAt,
      endedAt: message.endedAt ?? null,
      attempts: message.attempts ?? 0,
      lastError: message.lastError ?? null,
      isHead: conversation.head === message._id,
    },
    head: conversation.head === undefined ? null : { messageId: conversation.head },
    conversation: await conversationFacts(ctx, conversation, policies),
    lease: message.status === "queued" ? await leaseFacts(ctx, conversation) : null,
    owner: waits ? await ownerFacts(ctx, conversation, policies) : null,
    silentOwner: waits ? await silentOwnerOf(ctx, conversation, policies) : null,
    servers: waits ? await serversFor(ctx, conversation, policies) : [],
    fleet: await fleetFacts(ctx, policies, conversation.conversationId),
  };
}

async function conversationFacts(
  ctx: QueryCtx,
  { state, conversationId, workspace, lane, ...row }: Doc<"conversations">,
  { retry }: Policies,
): Promise<ConversationFacts> {
  const waiting = row.head === undefined ? undefined : (await ctx.db.get(row.head))?.waiting;
  const looks = [];
  for (const kind of ["pass", "look"] as const) {
    const alarm = await ctx.db
      .query("alarms")
      .withIndex("by_kind", (q) => q.eq("kind", kind))
      .first();
    if (alarm) looks.push(alarm.at);
  }
  return {
    state,
    conversationId,
    workspace,
    lane,
    wakeAt: row.wakeAt ?? null,
    attempts: row.attempts,
    maxAttempts: row.maxAttempts,
    serviceDown: serviceDown(row.failing, retry.serviceMaxAgeMs),
    hasFailed: row.attempts > 0 || row.failing !== undefined,
    lastError: row.lastError ?? null,
    waitsForFiles: waiting ? { collecting: waiting.collecting === true } : null,
    nextLookAt: looks.length > 0 ? Math.min(...looks) : null,
  };
}

async function leaseFacts(ctx: QueryCtx, conversation: Doc<"conversations">): Promise<MessageFacts["lease"]> {
  if (conversation.state !== "held" || conversation.lease === undefined) return null;
  const lease = await ctx.db.get(conversation.lease);
  if (!lease) return null;
  const message = await ctx.db.get(lease.message);
  return { worker: lease.worker, expiresAt: lease.expiresAt, replyRecorded: message?.reply !== undefined };
}

function serviceDown(failing: Doc<"conversations">["failing"], maxAgeMs: number) {
  if (failing?.serviceSince === undefined) return null;
  const { since, serviceSince } = failing;
  return { since, giveUpAt: giveUpAt({ since, serviceSince }, maxAgeMs) };
}
