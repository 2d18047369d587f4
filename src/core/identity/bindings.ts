/** Reads of `identityBindings`, and where a user's conversation with an agent is. No writes. */
import { isPrivateChat } from "../../policy/identity/conversationIds.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { groupConversationId, targetConversationId } from "./conversation.js";

export type Binding = Doc<"identityBindings">;

/** The user's one active binding, or null. One document read. */
export const activeBinding = (ctx: QueryCtx, consumerUserId: string): Promise<Binding | null> =>
  ctx.db
    .query("identityBindings")
    .withIndex("by_consumerUserId_and_status", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("status", "active"),
    )
    .order("desc")
    .first();

/** The newest binding of a user with an agent, active or revoked; null when there never was one. One document read. */
export const newestBinding = (
  ctx: QueryCtx,
  consumerUserId: string,
  agentKey: string,
): Promise<Binding | null> =>
  ctx.db
    .query("identityBindings")
    .withIndex("by_consumerUserId_and_agentKey_and_boundAt", (q) =>
      q.eq("consumerUserId", consumerUserId).eq("agentKey", agentKey),
    )
    .order("desc")
    .first();

/**
 * The host gave the agent to this user, and has not ended it since. A pairing alone is the user's own doing; one that
 * continues what the host gave keeps it.
 */
export const isGranted = ({ status, source, granted }: Binding): boolean =>
  status === "active" && (granted ?? source !== "telegram_pairing");

/** Active bindings of a workspace, oldest first: those created after `after` (the `_creationTime` of the last one seen). */
export const activeBindingsOfWorkspace = (ctx: QueryCtx, workspace: string, after: number | null = null) =>
  ctx.db.query("identityBindings").withIndex("by_workspace_and_status", (q) =>
    q
      .eq("workspace", workspace)
      .eq("status", "active")
      .gt("_creationTime", after ?? 0),
  );

/**
 * The active binding of a Telegram account or chat, the user id first. With `botId`, bindings of other bots are passed
 * over; one whose bot is not known yet counts as a candidate. At most one document is read per lookup.
 */
export async function bindingOfTelegram(
  ctx: QueryCtx,
  who: {
    telegramUserId?: string | undefined;
    telegramChatId?: string | undefined;
    botId?: string | undefined;
  },
): Promise<Binding | null> {
  const { telegramUserId, telegramChatId, botId } = who;
  const bots = botId === undefined ? [null] : [botId, undefined];
  if (telegramUserId !== undefined) {
    for (const bot of bots) {
      const found = await ctx.db
        .query("identityBindings")
        .withIndex("by_telegramUserId_and_status", (q) => {
          const active = q.eq("telegramUserId", telegramUserId).eq("status", "active");
          return bot === null ? active : active.eq("telegramBotId", bot);
        })
        .order("desc")
        .first();
      if (found) return found;
    }
  }
  if (telegramChatId === undefined) return null;
  for (const bot of bots) {
    const found = await ctx.db
      .query("identityBindings")
      .withIndex("by_telegramChatId_and_status", (q) => {
        const active = q.eq("telegramChatId", telegramChatId).eq("status", "active");
        return bot === null ? active : active.eq("telegramBotId", bot);
      })
      .order("desc")
      .first();
    if (found) return found;
  }
  return null;
}

export interface ConversationTarget {
  conversationId: string;
  provider: "telegram" | "system_push";
  /** Telegram user id, else chat id, else the user's own id. */
  providerUserId: string;
  telegramChatId?: string;
  telegramUserId?: string;
}

/**
 * Where messages for a user and an agent go: the pair's own conversation, the same after every re-pairing, and the chat of
 * their newest binding. Of a user bound in a group it is the group's. Works without a binding. Reads at most 4 documents.
 */
export async function conversationTarget(
  ctx: QueryCtx,
  { consumerUserId, agentKey }: { consumerUserId: string; agentKey: string },
): Promise<ConversationTarget> {
  const binding = await newestBinding(ctx, consumerUserId, agentKey);
  const { telegramChatId, telegramUserId, telegramBotId } = binding ?? {};
  const conversationId =
    telegramChatId === undefined || isPrivateChat(telegramChatId)
      ? await targetConversationId(ctx, { consumerUserId, agentKey })
      : await groupConversationId(ctx, { chatId: telegramChatId, botId: telegramBotId ?? "" }, agentKey);
  return {
    conversationId,
    provider: telegramChatId === undefined ? "system_push" : "telegram",
    providerUserId: telegramChatId === undefined ? consumerUserId : (telegramUserId ?? telegramChatId),
    ...(telegramChatId !== undefined && { telegramChatId }),
    ...(telegramUserId !== undefined && { telegramUserId }),
  };
}
