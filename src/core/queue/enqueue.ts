/**
 * Accepts a message. Writes `messageQueue` and, when the conversation was at rest, `conversations`. A busy conversation is
 * only read, so enqueues to different conversations never conflict, and an enqueue conflicts with no claim of another.
 * A message not yet due is not in line: it is admitted by its own timer.
 */
import * as contract from "../../contract/queue.js";
import { factoryError } from "../../contract/errors.js";
import type { Policies } from "../../contract/policies.js";
import { bandOf } from "../../policy/queue/place.js";
import { DEFAULT_LANE, resolveLane } from "../../policy/queue/lane.js";
import { recordBytes, utf8Bytes } from "../../policy/queue/size.js";
import { findAgent } from "../agents/findAgent.js";
import { loadRuntime } from "../config/runtime.js";
import { asMutation } from "../functions.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import type { ObjectType } from "convex/values";
import { arrive, headFields } from "./model.js";

export type EnqueueArgs = ObjectType<typeof contract.enqueue.args>;
/** In bytes: looks read thousands of conversations at once, and a message's row has room for its answer. */
const MAX_ID_BYTES = 1_024;
const MAX_KEY_BYTES = 4_096;
/** ±5 years is the platform's limit for a timer. */
const MAX_DELAY_MS = 4 * 365 * 86_400_000;

export const enqueue = asMutation(contract.enqueue)((ctx, args): Promise<string> =>
  args.asUser === undefined
    ? enqueueMessage(ctx, args)
    : ctx.runMutation(internal.people.enqueueAsUser, args),
);

/**
 * Throws `agent_not_found`, `provider_user_id_required`, `conversation_agent_mismatch`, `text_too_large`,
 * `metadata_too_large`, `invalid_argument`. With `files.waiting`, neither it nor what comes after it in its conversation is
 * handed out before its files are there or that time has come.
 */
export async function enqueueMessage(
  ctx: MutationCtx,
  args: EnqueueArgs,
  { waiting, hasAttachments }: Pick<Doc<"messageQueue">, "waiting" | "hasAttachments"> = {},
): Promise<Id<"messageQueue">> {
  const agent = await findAgent(ctx, args.agentKey);
  if (!agent?.enabled)
    throw factoryError("agent_not_found", `Agent profile '${args.agentKey}' not found or disabled`);
  if (args.idempotencyKey !== undefined) {
    const known = await findByKey(ctx, agent.workspace, args.idempotencyKey);
    if (known) return known._id;
  }
  if (utf8Bytes(args.conversationId) > MAX_ID_BYTES || utf8Bytes(args.idempotencyKey ?? "") > MAX_KEY_BYTES)
    throw factoryError(
      "invalid_argument",
      `conversationId may have ${MAX_ID_BYTES} bytes, idempotencyKey ${MAX_KEY_BYTES}`,
    );
  const { policies } = await loadRuntime(ctx);
  const payload = checkedPayload(args.payload, policies.queue);
  const lane = checkedLane(args.tag ?? agent.tag ?? DEFAULT_LANE, agent.workspace, payload.metadata ?? {});
  const conversation = await findConversation(ctx, args.conversationId);
  if (conversation && conversation.agentKey !== args.agentKey) {
    throw factoryError(
      "conversation_agent_mismatch",
      `Conversation '${args.conversationId}' is already bound to agent '${conversation.agentKey}', cannot enqueue for '${args.agentKey}'.`,
    );
  }
  const now = Date.now();
  const dueAt = checkedDueAt(args.scheduledFor ?? now, now);
  const priority = clampPriority(args.priority ?? policies.queue.defaultPriority, policies.queue.maxPriority);
  const delayed = dueAt > now;
  const id = conversation?._id ?? (await createConversation(ctx, args, agent.workspace, lane, priority));
  const message = await ctx.db.insert("messageQueue", {
    conversation: id,
    conversationId: args.conversationId,
    workspace: agent.workspace,
    agentKey: args.agentKey,
    lane,
    ownLane: (args.tag ?? agent.tag) === agent.tag && !agent.tag?.includes("$args[") ? undefined : true,
    payload,
    status: delayed ? "delayed" : "queued",
    priority,
    maxAttempts: args.maxAttempts === undefined ? undefined : checkedAttempts(args.maxAttempts),
    seq: delayed ? undefined : ctx.db.vars.commitTs,
    dueAt,
    key: args.idempotencyKey,
    waiting,
    hasAttachments,
  });
  if (delayed) {
    await ctx.scheduler.runAt(dueAt, internal.queue.admitMessage, { message });
  } else if (conversation) {
    await arrive(ctx, conversation, { _id: message, lane, priority, waiting });
  } else {
    await ctx.db.patch(id, {
      ...(await headFields(ctx, { _id: id, workspace: agent.workspace }, { lane, waiting }, priority)),
      head: message,
    });
  }
  return message;
}

export const findConversation = (
  ctx: QueryCtx,
  conversationId: string,
): Promise<Doc<"conversations"> | null> =>
  ctx.db
    .query("conversations")
    .withIndex("by_conversationId", (q) => q.eq("conversationId", conversationId))
    .unique();

const findByKey = (ctx: QueryCtx, workspace: string, key: string) =>
  ctx.db
    .query("messageQueue")
    .withIndex("by_key", (q) => q.eq("workspace", workspace).eq("key", key))
    .first();

function createConversation(
  ctx: MutationCtx,
  args: EnqueueArgs,
  workspace: string,
  lane: string,
  priority: number,
) {
  return ctx.db.insert("conversations", {
    conversationId: args.conversationId,
    workspace,
    agentKey: args.agentKey,
    state: "idle",
    lane,
    pool: lane,
    priority,
    band: bandOf(priority),
    start: 0,
    rank: 0,
    urgency: 0,
    readyAt: 0,
    attempts: 0,
    maxAttempts: 1,
    backoffMs: 0,
    turnCount: 0,
  });
}

/** The payload as it is stored, within the limits. Also for a text that is replaced later. */
export function checkedPayload(payload: contract.Payload, limits: Policies["queue"]): contract.Payload {
  const providerUserId = payload.providerUserId.trim();
  if (providerUserId === "") {
    const shown = JSON.stringify(payload.providerUserId);
    throw factoryError(
      "provider_user_id_required",
      `providerUserId is required but missing in payload.providerUserId=${shown}`,
    );
  }
  const bytes = utf8Bytes(payload.messageText) + utf8Bytes(payload.rawUpdateJson ?? "");
  if (bytes > limits.maxTextBytes) {
    throw factoryError(
      "text_too_large",
      `The message is ${bytes} bytes, at most ${limits.maxTextBytes} are allowed`,
    );
  }
  const metadata = { ...payload.metadata, providerUserId };
  const origin = payload.provider + providerUserId + (payload.externalMessageId ?? "");
  checkMetadataSize({ ...metadata, providerUserId: origin }, limits);
  return { ...payload, providerUserId, metadata };
}

export function checkMetadataSize(metadata: Record<string, string>, limits: Policies["queue"]): void {
  const bytes = recordBytes(metadata);
  if (bytes > limits.maxMetadataBytes) {
    throw factoryError(
      "metadata_too_large",
      `The metadata is ${bytes} bytes, at most ${limits.maxMetadataBytes} are allowed`,
    );
  }
}

function checkedLane(tag: string, workspace: string, metadata: Record<string, string>): string {
  const resolved = resolveLane(tag, workspace, metadata);
  if ("fault" in resolved) throw factoryError("invalid_argument", resolved.fault, { argument: "tag" });
  return resolved.lane;
}

function checkedDueAt(dueAt: number, now: number): number {
  if (!Number.isFinite(dueAt) || dueAt > now + MAX_DELAY_MS) {
    throw factoryError(
      "invalid_argument",
      "scheduledFor must be a time in epoch ms, at most four years ahead",
    );
  }
  return dueAt;
}

function checkedAttempts(maxAttempts: number): number {
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1 || maxAttempts > 100) {
    throw factoryError("invalid_argument", "maxAttempts must be a whole number from 1 to 100");
  }
  return maxAttempts;
}

function clampPriority(priority: number, maxPriority: number): number {
  if (Number.isNaN(priority)) throw factoryError("invalid_argument", "priority must be a number");
  return Math.round(Math.min(maxPriority, Math.max(0, priority)));
}
