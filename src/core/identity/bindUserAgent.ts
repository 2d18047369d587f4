/**
 * Makes an agent a user's active one. Writes `identityBindings`, `conversationIdentities`. Invariants: at most one active
 * binding per user, and per Telegram account or chat and bot.
 */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/identity.js";
import { isPrivateChat } from "../../policy/identity/conversationIds.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { loadRuntime } from "../config/runtime.js";
import { checkTexts } from "../bounds/texts.js";
import { readBounded } from "../bounds/bounded.js";
import { checkMetadataSize } from "../queue/enqueue.js";
import { isWebhookReady, tokenOfAgent } from "../channels/telegram/agentToken.js";
import { isGranted, newestBinding } from "./bindings.js";
import { conversationOfUser } from "./conversation.js";
import { bindingView } from "./views.js";

/** Far above what can be active at once: one row per user, and one per bot of a Telegram account. */
const MAX_ACTIVE = 100;
/** Three such ranges are read, and what is revoked is written again. */
const MAX_BYTES = 1024 * 1024;

export interface NewBinding {
  consumerUserId: string;
  agentKey: string;
  source: Doc<"identityBindings">["source"];
  telegramUserId?: string | undefined;
  telegramChatId?: string | undefined;
  metadata?: Record<string, string> | undefined;
  /** Said by the host, not by the user's own pairing. */
  byHost: boolean;
  /** The bot through which the user came; without one, the agent's own when it is known. */
  bot?: { botId: string; username?: string | undefined } | undefined;
}

export const bindUserAgent = asMutation(contract.bindUserAgent)(async (ctx, args) =>
  bindingView(await bind(ctx, { ...args, source: args.source ?? "api", byHost: true })),
);

/** Throws `agent_not_found`, `invalid_argument`, `metadata_too_large`. */
export async function bind(ctx: MutationCtx, wanted: NewBinding): Promise<Doc<"identityBindings">> {
  const { consumerUserId, agentKey } = wanted;
  await checkTexts(ctx, { consumerUserId });
  const agent = await findAgent(ctx, agentKey);
  if (!agent) throw factoryError("agent_not_found", `Agent profile '${agentKey}' not found`);
  checkMetadataSize(wanted.metadata ?? {}, (await loadRuntime(ctx)).policies.queue);
  const telegramUserId = given(wanted.telegramUserId);
  const telegramChatId = given(wanted.telegramChatId);
  await checkTexts(ctx, { telegramUserId, telegramChatId });
  const own = wanted.bot ? null : ((await tokenOfAgent(ctx, agent))?.bot ?? null);
  const bot = wanted.bot ?? (isWebhookReady(own) ? own : undefined);

  // First, because it alone may still refuse.
  if (telegramChatId !== undefined && isPrivateChat(telegramChatId)) {
    const chat = { chatId: telegramChatId, botId: bot?.botId ?? "", isVouchedFor: wanted.byHost };
    await conversationOfUser(ctx, { consumerUserId, agentKey }, chat);
  }
  const before = await newestBinding(ctx, consumerUserId, agentKey);
  const granted = wanted.byHost || (before !== null && isGranted(before));
  await revokeActiveOf(ctx, consumerUserId);
  await revokeRivals(ctx, { telegramUserId, telegramChatId, botId: bot?.botId });
  const id = await ctx.db.insert("identityBindings", {
    consumerUserId,
    agentKey,
    workspace: agent.workspace,
    status: "active",
    source: wanted.source,
    granted,
    telegramUserId,
    telegramChatId,
    telegramBotId: bot?.botId,
    telegramBotUsername: bot?.username,
    metadata: wanted.metadata,
    boundAt: Date.now(),
  });
  await recordAct(ctx, {
    kind: "binding.created",
    actor: wanted.source === "telegram_pairing" ? "telegram" : "host",
    subject: consumerUserId,
    detail: { agentKey, ...(telegramUserId !== undefined && { telegramUserId }) },
  });
  const row = await ctx.db.get(id);
  if (!row) throw new Error("a row that was just inserted is gone");
  return row;
}

/** Ends the user's active binding; how many there were. */
export async function revokeActiveOf(ctx: MutationCtx, consumerUserId: string): Promise<number> {
  const active = ctx.db
    .query("identityBindings")
    .withIndex("by_consumerUserId_and_status", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("status", "active"),
    );
  const rows = await boundedRows(active);
  for (const row of rows) await revoke(ctx, row);
  return rows.length;
}

/** A Telegram account speaks for one user at a bot: whoever had it before has it no more. */
async function revokeRivals(
  ctx: MutationCtx,
  who: { telegramUserId: string | undefined; telegramChatId: string | undefined; botId: string | undefined },
): Promise<void> {
  const { telegramUserId, telegramChatId, botId } = who;
  const sameUser =
    telegramUserId === undefined
      ? []
      : await boundedRows(
          ctx.db
            .query("identityBindings")
            .withIndex("by_telegramUserId_and_status", (q) =>
              q.eq("telegramUserId", telegramUserId).eq("status", "active"),
            ),
        );
  const sameChat =
    telegramChatId === undefined
      ? []
      : await boundedRows(
          ctx.db
            .query("identityBindings")
            .withIndex("by_telegramChatId_and_status", (q) =>
              q.eq("telegramChatId", telegramChatId).eq("status", "active"),
            ),
        );
  const rivals = new Map([...sameUser, ...sameChat].map((row) => [row._id, row]));
  for (const row of rivals.values()) {
    const otherBot = botId !== undefined && row.telegramBotId !== undefined && row.telegramBotId !== botId;
    if (!otherBot) await revoke(ctx, row);
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
