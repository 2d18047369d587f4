/**
 * Takes one Telegram update, once, in one transaction: the webhook acknowledges only after it. What the queue refuses for
 * a known reason is parked, because Telegram would repeat it for a day and hold back the chat's later messages. Writes
 * what enqueueing and pairing write, `parkedUpdates`, and `telegramWebhookSecrets` when the path has changed; for an unknown
 * secret only its count in `auditTallies`.
 */
import { errorDataOf } from "../../contract/errors.js";
import * as contract from "../../contract/telegram.js";
import {
  parseTelegramUpdate,
  type ReadableMessage,
  type TelegramDecision,
  type TelegramOrigin,
} from "../../policy/telegram/parseUpdate.js";
import { readTelegramUpdate, type TelegramMessage } from "../../policy/telegram/updateSchema.js";
import type { Infer, ObjectType } from "convex/values";
import type { MutationCtx } from "../../component/_generated/server.js";
import { recordRefusal } from "../audit/tally.js";
import { asMutation } from "../functions.js";
import { internal } from "../../component/_generated/api.js";
import { enqueueMessage } from "../queue/enqueue.js";
import { replaceWaitingText } from "./edit.js";
import { findByUpdate, isTooLarge, receiveFiles } from "../attachments/receive.js";
import { loadRuntime } from "../config/runtime.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import { placeOf, takeAlbumPart } from "./albums.js";
import { isMeantFor } from "./groupRules.js";
import { noteMembership } from "../channels/telegram/membership.js";
import { findParked, park } from "./parked.js";
import { conversationOf, routeOf, type Route } from "./route.js";
import { findWebhookSecret } from "../channels/telegram/findWebhookSecret.js";

type Args = ObjectType<typeof contract.ingestTelegramUpdate.args>;
type Result = Infer<typeof contract.ingestTelegramUpdate.returns>;

const ignored = { kind: "ignored" } as const;
const groupPairing = {
  kind: "pairingFailed",
  error: "Pairing codes are accepted in the private chat with the bot only",
} as const;
const noCode = {
  kind: "pairingFailed",
  error: "missing or invalid pairing code in /start command",
} as const;
const resolverFailed = {
  code: "agent_not_found",
  message: "resolveAgentKey threw, so the update has no agent; redrive it with one",
} as const;

export const ingestTelegramUpdate = asMutation(contract.ingestTelegramUpdate)(async (ctx, args) => {
  const secret = await findWebhookSecret(ctx, args.webhookSecret);
  if (secret === null) {
    await recordRefusal(ctx, { door: "webhook", reason: "telegram_secret_invalid" });
    return { kind: "refused" };
  }
  if (secret.seenPath !== args.webhookPath) await ctx.db.patch(secret._id, { seenPath: args.webhookPath });
  const read = readTelegramUpdate(args.rawUpdateJson);
  if (read.kind === "notJson") return { kind: "notJson" };
  if (read.kind === "notAnUpdate") return ignored;
  return await take(ctx, parseTelegramUpdate(read.update), {
    args,
    message: read.update.message,
    botId: secret.botId,
    updateId: read.update.update_id,
  });
});

interface Delivery {
  args: Args;
  message: TelegramMessage | undefined;
  botId: string;
  updateId: number;
}

async function take(ctx: MutationCtx, decision: TelegramDecision, delivery: Delivery): Promise<Result> {
  const { botId, message } = delivery;
  if ("isPrivate" in decision && !decision.isPrivate && message !== undefined) {
    if (!(await isMeantFor(ctx, message, { botId, ...decision }))) return ignored;
  }
  switch (decision.kind) {
    case "ignored":
      return ignored;
    case "migrated":
      await ctx.runMutation(internal.people.migrateChat, {
        botId,
        fromChatId: decision.fromChatId,
        toChatId: decision.toChatId,
      });
      return ignored;
    case "membership":
      await noteMembership(ctx, { botId, chatId: decision.chatId }, decision.blocked);
      return ignored;
    case "start":
    case "answer":
      return await pair(ctx, decision, delivery);
    case "edited": {
      const route = await routed(ctx, decision, delivery);
      if (route) await replaceWaitingText(ctx, decision, delivery.botId, route);
      return ignored;
    }
    case "unsupported":
      return (await routed(ctx, decision, delivery)) ? ignored : { kind: "unbound" };
    case "message":
      return await store(ctx, decision, delivery);
  }
}

const routed = (ctx: MutationCtx, origin: TelegramOrigin, { args, botId }: Delivery): Promise<Route | null> =>
  routeOf(ctx, origin, botId, { ...args, namedAgentKey: args.namedAgentKey ?? undefined });

/** Once in the life of an account, and everything about bindings is behind it: not in the module of every message. */
async function pair(
  ctx: MutationCtx,
  said: Extract<TelegramDecision, { kind: "start" | "answer" }>,
  { botId }: Delivery,
): Promise<Result> {
  if (said.kind === "start" && said.code === null) return noCode;
  // In a group the chat would become one member's.
  if (!said.isPrivate) return groupPairing;
  const at = { telegramUserId: said.senderId, telegramChatId: said.chatId, botId };
  return said.kind === "start"
    ? await ctx.runMutation(internal.people.askPairingAtBot, {
        code: said.code ?? "",
        named: said.bot,
        ...at,
      })
    : await ctx.runMutation(internal.people.answerPairingAtBot, { nonce: said.nonce, ...at });
}

async function store(ctx: MutationCtx, message: ReadableMessage, delivery: Delivery): Promise<Result> {
  const { args, botId, updateId } = delivery;
  const parked = await findParked(ctx, botId, updateId);
  if (parked) return { kind: "parked", code: parked.code };
  const update = { botId, updateId, rawUpdateJson: args.rawUpdateJson };
  if (args.namedAgentKey === null) {
    await park(ctx, { ...update, agentKey: "" }, resolverFailed);
    return { kind: "parked", code: resolverFailed.code };
  }
  const route = await routed(ctx, message, delivery);
  if (route === null) return { kind: "unbound" };
  try {
    const messageId = await enqueueTelegram(ctx, message, { ...update, ...route }, args.providerConfig);
    return { kind: "enqueued", messageId };
  } catch (error) {
    const known = errorDataOf(error);
    if (known === null) throw error;
    await park(ctx, { ...update, agentKey: route.agentKey }, known);
    return { kind: "parked", code: known.code };
  }
}

/** Throws what enqueueing throws, `conversation_id_exhausted`. */
export async function enqueueTelegram(
  ctx: MutationCtx,
  message: ReadableMessage,
  at: Route & { botId: string; updateId: number; rawUpdateJson: string },
  providerConfig?: Args["providerConfig"],
): Promise<string> {
  const { botId, updateId } = at;
  const conversationId = await conversationOf(ctx, message, botId, at);
  const enqueued = (waiting?: Doc<"messageQueue">["waiting"]): Promise<Id<"messageQueue">> =>
    enqueueMessage(
      ctx,
      {
        conversationId,
        agentKey: at.agentKey,
        idempotencyKey: `telegram:${botId}:${updateId}`,
        providerConfig,
        payload: {
          provider: "telegram",
          providerUserId: message.senderId,
          messageText: message.messageText,
          externalMessageId: message.externalMessageId,
          rawUpdateJson: at.rawUpdateJson,
          metadata: message.metadata,
        },
      },
      { waiting, hasAttachments: message.files.length > 0 },
    );
  const { files, albumId } = message;
  if (files.length === 0) return await enqueued();
  if (albumId !== undefined)
    return await takeAlbumPart(ctx, { ...message, albumId }, { botId, updateId }, enqueued);
  const policy = (await loadRuntime(ctx)).policies.attachments;
  const seen = await findByUpdate(ctx, at);
  if (seen) return seen.message;
  const hasHope = files.some((file) => !isTooLarge(file, policy));
  const id = await enqueued(hasHope ? { until: Date.now() + policy.waitMs } : undefined);
  await receiveFiles(ctx, id, files, { botId, updateId, place: placeOf(message) }, policy);
  return id;
}
