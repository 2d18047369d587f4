/**
 * Takes one event of a channel, once, in one transaction: the webhook acknowledges only after it. What the queue refuses for
 * a known reason is parked, because a channel would repeat it for hours and hold back the chat's later messages. Writes
 * what enqueueing and pairing write, `parkedUpdates`, and `webhookSecrets` when the path has changed; for an unknown secret
 * only its count in `auditTallies`.
 */
import { errorDataOf } from "../../contract/errors.js";
import type {
  Addressee,
  AccountName,
  ChannelEvent,
  Origin,
  ReadableMessage,
} from "../../policy/channels/events.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { recordRefusal } from "../audit/tally.js";
import type { Channel } from "../channels/channel.js";
import { channelOf } from "../channels/registry.js";
import { findWebhookSecret } from "../channels/webhookSecret.js";
import { internal } from "../../component/_generated/api.js";
import { enqueueMessage, type EnqueueArgs } from "../queue/enqueue.js";
import { findByEvent, isTooLarge, receiveFiles, type FileEvent } from "../attachments/receive.js";
import { loadRuntime } from "../config/runtime.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import { placeOf, takeAlbumPart } from "./albums.js";
import { isMeantFor, conversationOf, routeOf, type Route, type RouteOptions } from "./route.js";
import { findParked, park } from "./parked.js";

const ignored = { kind: "ignored" } as const;
const failed = (error: string) => ({ kind: "pairingFailed", error }) as const;
const groupPairing = failed("Pairing codes are accepted in the private chat with the bot only");
const noCode = failed("missing or invalid pairing code in /start command");
const resolverFailed = {
  code: "agent_not_found",
  message: "resolveAgentKey threw, so the update has no agent; redrive it with one",
} as const;

/** A call that a channel made over HTTP. */
export interface WebhookCall {
  secret: string;
  body: string;
  /** At which it arrived. */
  path: string;
}
/** What the host says about where messages go. */
export interface Routing extends Omit<RouteOptions, "namedAgentKey"> {
  /** What the host's resolver said; null when it threw. */
  namedAgentKey?: string | null;
  providerConfig?: EnqueueArgs["providerConfig"];
}
/** What became of an event. */
type Taken =
  | { kind: "ignored" | "unbound" | "pairingAsked" }
  | { kind: "paired"; consumerUserId: string; agentKey: string }
  | { kind: "pairingFailed"; error: string }
  | { kind: "enqueued"; messageId: string }
  | { kind: "parked"; code: string };
/** `refused`: the secret is nobody's. */
export type Ingested = Taken | { kind: "refused" | "notJson" };

/** The secret is checked before anything is parsed. */
export async function ingest(
  ctx: MutationCtx,
  { kind, parse }: Channel,
  call: WebhookCall,
  routing: Routing,
): Promise<Ingested> {
  const secret = await findWebhookSecret(ctx, kind, call.secret);
  if (secret === null) {
    await recordRefusal(ctx, { door: "webhook", reason: `${kind}_secret_invalid` });
    return { kind: "refused" };
  }
  if (secret.seenPath !== call.path) await ctx.db.patch(secret._id, { seenPath: call.path });
  const parsed = parse?.(call.body);
  if (parsed?.kind === "notJson") return { kind: "notJson" };
  if (parsed?.kind !== "event") return ignored;
  const { event, eventId, addressee } = parsed;
  const from = { channel: kind, accountId: secret.accountId, eventId };
  return await take(ctx, event, { ...from, addressee, rawUpdateJson: call.body, routing });
}

/** An event, and where it came from. */
interface Delivery extends FileEvent {
  addressee: (account: AccountName) => Addressee;
  rawUpdateJson: string;
  routing: Routing;
}

/** What is rare is not in the module of every message: it costs one nested call. */
async function take(ctx: MutationCtx, event: ChannelEvent, delivery: Delivery): Promise<Taken> {
  const { channel, accountId, addressee } = delivery;
  const { capabilities } = channelOf(channel);
  if ("isPrivate" in event && !event.isPrivate) {
    if (!(await isMeantFor(ctx, addressee, { ...event, channel, accountId }))) return ignored;
  }
  switch (event.kind) {
    case "ignored":
      return ignored;
    case "migrated": {
      const { kind: _, ...moved } = event;
      await ctx.runMutation(internal.people.migrateChat, { channel, accountId, ...moved });
      return ignored;
    }
    case "membership": {
      const { kind: _, ...membership } = event;
      await ctx.runMutation(internal.people.noteMembership, { channel, accountId, ...membership });
      return ignored;
    }
    case "start":
    case "answer":
      return capabilities.pairing ? await pair(ctx, event, delivery) : ignored;
    case "edited": {
      const route = capabilities.edits ? await routed(ctx, event, delivery) : null;
      const { externalMessageId, messageText } = event;
      if (route) {
        const conversationId = await conversationOf(ctx, event, delivery, route);
        const edited = { conversationId, externalMessageId, messageText };
        await ctx.runMutation(internal.people.replaceWaitingText, edited);
      }
      return ignored;
    }
    case "unsupported":
      return (await routed(ctx, event, delivery)) ? ignored : { kind: "unbound" };
    case "message":
      return await store(ctx, event, delivery);
  }
}

const routed = (ctx: MutationCtx, origin: Origin, { routing, ...account }: Delivery): Promise<Route | null> =>
  routeOf(ctx, origin, account, { ...routing, namedAgentKey: routing.namedAgentKey ?? undefined });

/** Once in the life of an account, and everything about bindings is behind it: not in the module of every message. */
async function pair(
  ctx: MutationCtx,
  said: Extract<ChannelEvent, { kind: "start" | "answer" }>,
  { channel, accountId }: Delivery,
): Promise<Taken> {
  if (said.kind === "start" && said.code === null) return noCode;
  // In a group the chat would become one member's.
  if (!said.isPrivate) return groupPairing;
  const at = { channel, accountId, userId: said.userId, chatId: said.chatId };
  if (said.kind === "answer")
    return await ctx.runMutation(internal.people.answerPairingAtBot, { nonce: said.nonce, ...at });
  const { code, account: named } = said;
  return await ctx.runMutation(internal.people.askPairingAtBot, { code: code ?? "", named, ...at });
}

async function store(ctx: MutationCtx, message: ReadableMessage, delivery: Delivery): Promise<Taken> {
  const { routing, channel, accountId, eventId, rawUpdateJson } = delivery;
  const source = { channel, accountId, eventId };
  const parked = await findParked(ctx, source);
  if (parked) return { kind: "parked", code: parked.code };
  const update = { ...source, rawUpdateJson };
  if (routing.namedAgentKey === null) {
    await park(ctx, { ...update, agentKey: "" }, resolverFailed);
    return { kind: "parked", code: resolverFailed.code };
  }
  const route = await routed(ctx, message, delivery);
  if (route === null) return { kind: "unbound" };
  try {
    const messageId = await enqueueEvent(ctx, message, { ...update, ...route }, routing.providerConfig);
    return { kind: "enqueued", messageId };
  } catch (error) {
    const known = errorDataOf(error);
    if (known === null) throw error;
    await park(ctx, { ...update, agentKey: route.agentKey }, known);
    return { kind: "parked", code: known.code };
  }
}

/** Throws what enqueueing throws, `conversation_id_exhausted`. */
export async function enqueueEvent(
  ctx: MutationCtx,
  message: ReadableMessage,
  { agentKey, binding, rawUpdateJson, ...source }: Route & FileEvent & { rawUpdateJson: string },
  providerConfig?: Routing["providerConfig"],
): Promise<string> {
  const { channel, accountId, eventId } = source;
  const conversationId = await conversationOf(ctx, message, source, { agentKey, binding });
  const enqueued = (waiting?: Doc<"messageQueue">["waiting"]): Promise<Id<"messageQueue">> =>
    enqueueMessage(
      ctx,
      {
        conversationId,
        agentKey,
        idempotencyKey: `${channel}:${accountId}:${eventId}`,
        providerConfig,
        payload: {
          provider: channel,
          providerUserId: message.userId,
          messageText: message.messageText,
          externalMessageId: message.externalMessageId,
          rawUpdateJson,
          metadata: message.metadata,
        },
      },
      { waiting, hasAttachments: message.files.length > 0 },
    );
  const { files, albumId } = message;
  if (files.length === 0) return await enqueued();
  if (albumId !== undefined) return await takeAlbumPart(ctx, { ...message, albumId }, source, enqueued);
  const policy = (await loadRuntime(ctx)).policies.attachments;
  const seen = await findByEvent(ctx, source);
  if (seen) return seen.message;
  const hasHope = files.some((file) => !isTooLarge(file, policy));
  const id = await enqueued(hasHope ? { until: Date.now() + policy.waitMs } : undefined);
  await receiveFiles(ctx, id, files, { ...source, place: placeOf(message) }, policy);
  return id;
}
