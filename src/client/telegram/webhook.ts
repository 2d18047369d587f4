/**
 * Telegram's deliveries. The secret is checked before anything is parsed; a 2xx is only given once the message is
 * stored; and what can never succeed is answered with 200, because Telegram repeats anything else for a day and holds
 * back the chat's later messages. Nothing a user wrote is echoed: Telegram executes some JSON replies.
 */
import { httpActionGeneric, type GenericActionCtx, type GenericDataModel } from "convex/server";
import type { ComponentApi } from "../../component/_generated/component.js";
import { maxWebhookBodyBytes } from "../../contract/gateway.js";
import { parseTelegramUpdate, type TelegramDecision } from "../../policy/telegram/parseUpdate.js";
import { jsonReply, refusal } from "../http/jsonReply.js";
import { parseJson, readBody } from "../http/readBody.js";
import { zTelegramUpdate, type TelegramUpdate } from "./updateSchema.js";

export interface TelegramWebhookOptions {
  /**
   * Names the agent of an update; null, undefined or blank leaves it to the bot's own agent. When it throws, the update
   * is parked (`listParkedUpdates`) instead of reaching an agent that the app did not choose.
   */
  resolveAgentKey?: (
    update: TelegramUpdate,
  ) => string | null | undefined | Promise<string | null | undefined>;
  /** The agent when neither `resolveAgentKey` nor the bot names one. Default `default`. */
  fallbackAgentKey?: string;
  /** Refuses every message whose agent `resolveAgentKey` does not name. Default false. */
  requireBindingForTelegram?: boolean;
}

type Ctx = GenericActionCtx<GenericDataModel>;
type BotIdentity = { botId: string; agentKey: string | null };

const SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token";
/** Telegram's limit for a secret. */
const MAX_SECRET_CHARS = 256;

export function telegramWebhook(component: ComponentApi, options: TelegramWebhookOptions) {
  return httpActionGeneric(async (ctx, request) => {
    const webhookSecret = request.headers.get(SECRET_HEADER) ?? "";
    const bot = await identify(ctx, component, webhookSecret);
    if (bot === null) return wrongSecret();

    const body = await readBody(request, maxWebhookBodyBytes);
    if (!body.ok && body.reason === "tooLarge")
      return refusal(413, "request_too_large", "The update is too large");
    const parsed = zTelegramUpdate.safeParse(body.ok ? parseJson(body.text) : undefined);
    if (!body.ok || !parsed.success) return ignored();

    const decision = parseTelegramUpdate(parsed.data);
    switch (decision.kind) {
      case "ignored":
        return ignored();
      case "start":
        return pairingFailed(decision.code);
      case "unsupported":
      case "message":
        break;
    }
    const agentKey = await agentKeyFor(parsed.data, bot, options);
    if (agentKey === null) return jsonReply(200, { ok: false, error: "no active binding for telegram user" });
    if (decision.kind === "unsupported") return ignored();
    return await ingest(ctx, component, decision, {
      webhookSecret,
      agentKey,
      updateId: parsed.data.update_id,
      rawUpdateJson: body.text,
    });
  });
}

async function identify(
  ctx: Ctx,
  component: ComponentApi,
  webhookSecret: string,
): Promise<BotIdentity | null> {
  if (webhookSecret === "" || webhookSecret.length > MAX_SECRET_CHARS) return null;
  return await ctx.runQuery(component.lib.identifyTelegramWebhook, { webhookSecret });
}

/** The agent of an update; null when the app wants it named and nobody did; blank when naming it failed. */
async function agentKeyFor(
  update: TelegramUpdate,
  bot: BotIdentity,
  options: TelegramWebhookOptions,
): Promise<string | null> {
  let named: string;
  try {
    named = (await options.resolveAgentKey?.(update))?.trim() ?? "";
  } catch {
    // Not the error itself: it may quote the update.
    console.error(
      `resolveAgentKey threw for update ${update.update_id} of bot ${bot.botId}; the update is parked`,
    );
    return "";
  }
  if (named !== "") return named;
  if (options.requireBindingForTelegram === true) return null;
  return bot.agentKey ?? options.fallbackAgentKey ?? "default";
}

async function ingest(
  ctx: Ctx,
  component: ComponentApi,
  message: Extract<TelegramDecision, { kind: "message" }>,
  context: { webhookSecret: string; agentKey: string; updateId: number; rawUpdateJson: string },
): Promise<Response> {
  const { kind: _, ...fields } = message;
  const result = await ctx.runMutation(component.lib.ingestTelegramMessage, { ...context, ...fields });
  switch (result.kind) {
    case "enqueued":
      return jsonReply(202, { ok: true });
    case "parked":
      return jsonReply(200, { ok: true, parked: true });
    case "refused":
      return wrongSecret();
  }
}

const ignored = () => jsonReply(200, { ok: true, ignored: true });
const wrongSecret = () => refusal(401, "telegram_secret_invalid", "Missing or unknown webhook secret");

function pairingFailed(code: string | null): Response {
  const error =
    code === null ? "missing or invalid pairing code in /start command" : "Pairing code not found";
  return jsonReply(200, { ok: true, pairing: { status: "failed", error } });
}
