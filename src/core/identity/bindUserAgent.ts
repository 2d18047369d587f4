/**
 * Makes an agent a user's active one. Writes `identityBindings`, `conversationIdentities`. Invariants: at most one active
 * binding per user, and per account or chat at a channel.
 */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/identity.js";
import { contactOf, sourceOf, type Contact } from "../../policy/compat/contacts.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { loadRuntime } from "../config/runtime.js";
import { checkTexts } from "../bounds/texts.js";
import { readBounded } from "../bounds/bounded.js";
import { checkMetadataSize } from "../queue/enqueue.js";
import { credentialOfAgent, isHeard } from "../channels/credentials.js";
import { channelOf } from "../channels/registry.js";
import { isGranted, newestBinding } from "./bindings.js";
import { conversationOfUser } from "./conversation.js";
import { bindingView } from "./views.js";
import { expirePending } from "./pairingCodes.js";

/** Far above what can be active at once: one row per user, and one per account of a channel that a user writes to. */
const MAX_ACTIVE = 100;
/** Three such ranges are read, and what is revoked is written again. */
const MAX_BYTES = 1024 * 1024;

export interface NewBinding {
  consumerUserId: string;
  agentKey: string;
  source: Doc<"identityBindings">["source"];
  contact: Contact;
  metadata?: Record<string, string> | undefined;
  /** Said by the host, not by the user's own pairing. */
  byHost: boolean;
  /** The account through which the user came; without one, the agent's own when it is known. */
  account?: { accountId: string; username?: string | undefined } | undefined;
}

export const bindUserAgent = asMutation(contract.bindUserAgent)(async (ctx, args) =>
  bindingView(
    await bind(ctx, {
      consumerUserId: args.consumerUserId,
      agentKey: args.agentKey,
      source: sourceOf(args.source ?? "api"),
      contact: contactOf(args),
      metadata: args.metadata,
      byHost: true,
    }),
  ),
);

/** Throws `agent_not_found`, `invalid_argument`, `metadata_too_large`. */
export async function bind(ctx: MutationCtx, wanted: NewBinding): Promise<Doc<"identityBindings">> {
  const { consumerUserId, agentKey } = wanted;
  await checkTexts(ctx, { consumerUserId });
  const agent = await findAgent(ctx, agentKey);
  if (!agent) throw factoryError("agent_not_found", `Agent profile '${agentKey}' not found`);
  checkMetadataSize(wanted.metadata ?? {}, (await loadRuntime(ctx)).policies.queue);
  const channel = channelOf(wanted.contact.channel);
  const userId = given(wanted.contact.userId);
  const chatId = given(wanted.contact.chatId);
  await checkTexts(ctx, channel.address.metadata({ userId, chatId }));
  const own = wanted.account ? null : ((await credentialOfAgent(ctx, agent, channel))?.account ?? null);
  const account = wanted.account ?? (isHeard(own) ? own : undefined);
  const contact = { channel: channel.kind, userId, chatId, accountId: account?.accountId };

  // First, because it alone may still refuse.
  if (chatId !== undefined && channel.capabilities.groups?.isGroup(chatId) !== true) {
    const place = { channel: channel.kind, accountId: account?.accountId ?? "", chatId };
    await conversationOfUser(ctx, { consumerUserId, agentKey }, { ...place, isVouchedFor: wanted.byHost });
  }
  const before = await newestBinding(ctx, consumerUserId, agentKey);
  const granted = wanted.byHost || (before !== null && isGranted(before));
  await revokeActiveOf(ctx, consumerUserId);
  await revokeRivals(ctx, contact);
  const id = await ctx.db.insert("identityBindings", {
    consumerUserId,
    agentKey,
    workspace: agent.workspace,
    status: "active",
    source: wanted.source,
    granted,
    ...contact,
    accountName: account?.username,
    metadata: wanted.metadata,
    boundAt: Date.now(),
  });
  await recordAct(ctx, {
    kind: "binding.created",
    actor: wanted.source === "pairing" ? channel.kind : "host",
    subject: consumerUserId,
    detail: { agentKey, ...channel.address.metadata({ userId }) },
  });
  const row = await ctx.db.get(id);
  if (!row) throw new Error("a row that was just inserted is gone");
  return row;
}

/** Ends the user's active binding; how many there were. */
async function revokeActiveOf(ctx: MutationCtx, consumerUserId: string): Promise<number> {
  const active = ctx.db
    .query("identityBindings")
    .withIndex("by_consumerUserId_and_status", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("status", "active"),
    );
  const rows = await boundedRows(active);
  for (const row of rows) await revoke(ctx, row);
  return rows.length;
}

/** An account at a channel speaks for one user: whoever had it before has it no more. */
async function revokeRivals(
  ctx: MutationCtx,
  { channel, userId, chatId, accountId }: Contact & { accountId: string | undefined },
): Promise<void> {
  const bindings = () => ctx.db.query("identityBindings");
  const sameUser = bindings().withIndex("by_user", (q) =>
    q.eq("channel", channel).eq("userId", userId).eq("status", "active"),
  );
  const sameChat = bindings().withIndex("by_chat", (q) =>
    q.eq("channel", channel).eq("chatId", chatId).eq("status", "active"),
  );
  const ofUser = userId === undefined ? [] : await boundedRows(sameUser);
  const ofChat = chatId === undefined ? [] : await boundedRows(sameChat);
  const rivals = new Map([...ofUser, ...ofChat].map((row) => [row._id, row]));
  for (const row of rivals.values()) {
    const elsewhere = accountId !== undefined && row.accountId !== undefined && row.accountId !== accountId;
    if (!elsewhere) await revoke(ctx, row);
  }
}

const boundedRows = async (bindings: AsyncIterable<Doc<"identityBindings">>) =>
  (await readBounded(bindings, MAX_ACTIVE, MAX_BYTES)).rows;

async function revoke(ctx: MutationCtx, row: Doc<"identityBindings">): Promise<void> {
  await ctx.db.patch(row._id, { status: "revoked", revokedAt: Date.now() });
  await recordAct(ctx, {
    kind: "binding.revoked",
    actor: "host",
    subject: row.consumerUserId,
    detail: { agentKey: row.agentKey },
  });
}

function given(id: string | undefined): string | undefined {
  const trimmed = id?.trim() ?? "";
  return trimmed === "" ? undefined : trimmed;
}

export const revokeUserAgentBinding = asMutation(contract.revokeUserAgentBinding)(async (
  ctx,
  { consumerUserId },
) => {
  await expirePending(ctx, consumerUserId, () => true);
  return { revoked: await revokeActiveOf(ctx, consumerUserId) };
});
