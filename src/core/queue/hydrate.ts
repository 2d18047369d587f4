/**
 * Everything a worker needs to answer one message: payload, the newest turns, the credential of its channel, and the reply if an earlier
 * attempt already recorded one. Given only for the message in flight, and with a token only to the worker that holds it.
 * Bounded by the history window, not by the history.
 */
import * as contract from "../../contract/queue.js";
import { factoryError } from "../../contract/errors.js";
import { findAgent } from "../agents/findAgent.js";
import { bridgeRuntimeConfig } from "../bridge/runtimeConfig.js";
import { connectionsForAgent } from "../connections/named.js";
import { loadRuntime, type Runtime } from "../config/runtime.js";
import { asQuery } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { attachmentsOf, replyFilesOf } from "../attachments/view.js";
import { imageCredentialField } from "../../policy/compat/names.js";
import { openCredential } from "../channels/openCredential.js";
import { channelOf, namedChannel } from "../channels/registry.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { mayTouch, messageIdOf } from "./lease.js";

export const getHydrationBundle = asQuery(contract.getHydrationBundle)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const message = await ctx.db.get(messageIdOf(ctx, args.messageId));
  const conversation = message && (await ctx.db.get(message.conversation));
  if (!message || conversation?.head !== message._id || conversation.state !== "held") return null;
  if (conversation.workspace !== args.workspaceId) {
    throw factoryError(
      "workspace_mismatch",
      `The message does not belong to workspace '${args.workspaceId}'`,
    );
  }
  if (!mayTouch(conversation, grant, args)) return null;
  return await buildBundle(ctx, message, conversation, await loadRuntime(ctx));
});

/** Null when the agent's profile is gone. */
export async function buildBundle(
  ctx: QueryCtx,
  message: Doc<"messageQueue">,
  conversation: Doc<"conversations">,
  { policies, systemPrompt }: Runtime,
): Promise<contract.HydrationBundle | null> {
  const agent = await findAgent(ctx, conversation.agentKey);
  if (!agent) return null;
  const attachments = await attachmentsOf(ctx, message);
  const { reply } = message;
  const channel = channelOf(message.payload.provider);
  const credential = await openCredential(ctx, agent, channel);
  const images = namedChannel();
  return {
    messageId: message._id,
    conversationId: conversation.conversationId,
    agentKey: conversation.agentKey,
    payload: { ...message.payload, attachments },
    systemPrompt: systemPrompt ?? undefined,
    undeliverable: await channel.whyUnreachable?.(ctx, message.payload, credential),
    conversationState: {
      contextHistory: await newestTurns(ctx, message, policies.hydration.historyTurns),
      pendingToolCalls: [],
    },
    channel: { kind: channel.kind, credential },
    ...imageCredentialField(images === channel ? credential : await openCredential(ctx, agent, images)),
    connections: await connectionsForAgent(ctx, conversation.workspace, conversation.agentKey),
    bridgeRuntimeConfig: await bridgeRuntimeConfig(ctx, agent),
    reply: reply && {
      ...replyView(reply),
      ...(reply.files && { files: await replyFilesOf(ctx, reply.files) }),
    },
  };
}

export function replyView({
  text,
  parts,
  nextPart,
  ambiguousParts,
  files,
}: NonNullable<Doc<"messageQueue">["reply"]>) {
  return { text, parts, nextPart, ambiguousParts, files };
}

/** Most bytes of history in one bundle (text length as a stand-in), far below what a function may read and return. */
const MAX_HISTORY_CHARS = 1_000_000;

async function newestTurns(
  ctx: QueryCtx,
  message: Doc<"messageQueue">,
  window: number,
): Promise<contract.HistoryItem[]> {
  const turns: contract.HistoryItem[] = [];
  if (window === 0) return turns;
  let chars = 0;
  const newestFirst = ctx.db
    .query("turns")
    .withIndex("by_conversation", (q) => q.eq("conversation", message.conversation))
    .order("desc");
  for await (const { role, content, at, lane } of newestFirst) {
    // The rest of a row counts too, so that not even empty turns are read without end.
    chars += content.length + 100;
    if (chars > MAX_HISTORY_CHARS) break;
    // Lanes may be tenants: what was said in another one is no history of this message.
    if (lane !== undefined && lane !== message.lane) continue;
    turns.push({ role, content, at });
    if (turns.length >= window) break;
  }
  return turns.reverse();
}
