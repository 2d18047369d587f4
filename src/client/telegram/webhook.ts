/**
 * Telegram's deliveries. The secret is checked before anything is parsed; a 2xx is only given once the message is
 * stored; and what can never succeed is answered with 2xx, because Telegram repeats anything else for a day and holds
 * back the chat's later messages. Nothing a user wrote is echoed: Telegram executes some JSON replies.
 */
import { httpActionGeneric, type GenericActionCtx, type GenericDataModel } from "convex/server";
import type { Infer } from "convex/values";
import type { ComponentApi } from "../../component/_generated/component.js";
import { MAX_WEBHOOK_BODY_BYTES } from "../../contract/gateway.js";
import type { vProviderConfig } from "../../contract/providers.js";
import { readTelegramUpdate, type TelegramUpdate } from "../../policy/telegram/updateSchema.js";
import { printable } from "../../policy/text/redactSecrets.js";
import { jsonReply, refusal } from "../http/replies.js";
import { readBody } from "../http/readBody.js";
import { pressureRefusal, repeated } from "../http/repeated.js";

export interface TelegramWebhookOptions {
  /**
   * Names the agent of an update; null, undefined or blank leaves it to the sender's binding. When it throws, the update
   * is parked (`listParkedUpdates`) instead of reaching an agent that the app did not choose. For an edited message,
   * `message` is the edited one.
   */
  resolveAgentKey?: (
    update: TelegramUpdate,
  ) => string | null | undefined | Promise<string | null | undefined>;
  /** Whether the sender's binding decides the agent. Default true. */
  resolveAgentKeyFromBinding?: boolean;
  /** The agent when neither `resolveAgentKey` nor a binding nor the bot names one. Default `default`. */
  fallbackAgentKey?: string;
  /**
   * Refuses every message whose agent neither `resolveAgentKey` nor a binding names: it is answered with 200 and
   * `{"ok":false,"error":"no active binding for telegram user"}` and goes nowhere. Default false.
   */
  requireBindingForTelegram?: boolean;
  /** Stored with each message as the host's word about where its machines come from. */
  providerConfig?: Infer<typeof vProviderConfig>;
}

type Ctx = GenericActionCtx<GenericDataModel>;

const SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token";
/** Telegram's limit for a secret. */
const MAX_SECRET_CHARS = 256;

/**
 * The handler of `POST <webhookPath>`. One call into the component, the check of the secret included; with `resolveAgentKey` one
 * query before it, whose answer Convex keeps until the bot's secret changes. No way leads past that query: the secret is
 * known to the component alone, as a hash.
 */
export function telegramWebhook(
  component: ComponentApi,
  webhookPath: string,
  options: TelegramWebhookOptions,
) {
  return httpActionGeneric(async (ctx, request) => {
    const webhookSecret = request.headers.get(SECRET_HEADER) ?? "";
    if (webhookSecret === "" || webhookSecret.length > MAX_SECRET_CHARS)
      return await wrongSecret(ctx, component);
    // The app's code sees an update only after the secret has proved where it comes from.
    if (options.resolveAgentKey) {
      const bot = await ctx.runQuery(component.lib.identifyTelegramWebhook, { webhookSecret });
      if (bot === null) return await wrongSecret(ctx, component);
    }
    const body = await readBody(request, MAX_WEBHOOK_BODY_BYTES);
    if (!body.ok && body.reason === "tooLarge")
      return refusal({ status: 413, code: "request_too_large", message: "The update is too large" });
    // A body that is no text is no JSON; the component still checks the secret first.
    const rawUpdateJson = body.ok ? body.text : "";
    const namedAgentKey = await nameAgent(rawUpdateJson, options);
    return await ingest(ctx, component, {
      webhookSecret,
      rawUpdateJson,
      webhookPath,
      ...(namedAgentKey !== undefined && { namedAgentKey }),
      resolveFromBinding: options.resolveAgentKeyFromBinding ?? true,
      requireBinding: options.requireBindingForTelegram ?? false,
      fallbackAgentKey: options.fallbackAgentKey ?? "default",
      ...(options.providerConfig && { providerConfig: options.providerConfig }),
    });
  });
}

/** What the app says about an update: an agent, undefined for none, null when it threw. */
async function nameAgent(
  rawUpdateJson: string,
  { resolveAgentKey }: TelegramWebhookOptions,
): Promise<string | null | undefined> {
  if (!resolveAgentKey) return undefined;
  const read = readTelegramUpdate(rawUpdateJson);
  if (read.kind !== "update") return undefined;
  const { update } = read;
  const message = update.message ?? update.edited_message;
  if (!message?.chat?.id || !message.from?.id) return undefined;
  try {
    const named = (await resolveAgentKey({ ...update, message }))?.trim() ?? "";
    return named === "" ? undefined : named;
  } catch {
    // Not the error itself: it may quote the update.
    console.error(`resolveAgentKey threw for update ${update.update_id}; the update is parked`);
    return null;
  }
}

async function ingest(
  ctx: Ctx,
  component: ComponentApi,
  args: ComponentApi["lib"]["ingestTelegramUpdate"]["_args"],
): Promise<Response> {
  let result;
  try {
    result = await repeated("webhook", () => ctx.runMutation(component.lib.ingestTelegramUpdate, args));
  } catch (error) {
    const pressure = pressureRefusal(error);
    if (pressure === null) throw error;
    // Telegram repeats what was not answered with 2xx, so nothing is lost.
    console.error(`webhook: ${pressure.code}, left to Telegram to repeat`);
    return refusal(pressure);
  }
  switch (result.kind) {
    case "refused":
      return unknownSecret();
    case "notJson":
      return refusal({ status: 400, code: "request_not_json", message: "The body must be JSON" });
    case "ignored":
      return jsonReply(200, { ok: true, ignored: true });
    case "unbound":
      return jsonReply(200, { ok: false, error: "no active binding for telegram user" });
    case "pairingAsked":
      return jsonReply(200, { ok: true, pairing: { status: "pending" } });
    case "paired": {
      const { consumerUserId, agentKey } = result;
      return jsonReply(200, { ok: true, pairing: { status: "used", consumerUserId, agentKey } });
    }
    case "pairingFailed":
      return jsonReply(200, { ok: true, pairing: { status: "failed", error: result.error } });
    case "enqueued":
      return jsonReply(202, { ok: true });
    case "parked":
      return jsonReply(202, { ok: true, parked: true });
  }
}

/** For what does not reach the ingestion, which counts for itself. A count that fails changes nothing about the refusal. */
async function wrongSecret(ctx: Ctx, component: ComponentApi): Promise<Response> {
  await ctx
    .runMutation(component.lib.recordRefusal, { door: "webhook", reason: SECRET_INVALID })
    .catch((error: unknown) => console.error("A refused webhook call was not counted", printable(error)));
  return unknownSecret();
}

const SECRET_INVALID = "telegram_secret_invalid";
const unknownSecret = (): Response =>
  refusal({ status: 401, code: SECRET_INVALID, message: "Missing or unknown webhook secret" });
