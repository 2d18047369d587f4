import { isIP } from "node:net";
import { z } from "zod";
import { badRequest } from "./apiFailure.js";
import { parseArgs, vBoolean, vInteger, vNested, type RawArgs } from "./args.js";
import type { Bot } from "./bot.js";

const PORTS = new Set(["", "80", "88", "443", "8443"]);
const DEFAULT_MAX_CONNECTIONS = 40;
const MAX_SECRET_CHARS = 256;
/** Address blocks the real service refuses as webhook hosts. */
const RESERVED = /^(0|10|127)\.|^169\.254\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^22[4-9]\.|^2[3-5]\d\./;

const setArgs = z.looseObject({
  url: z.string().default(""),
  secret_token: z.string().optional(),
  max_connections: vInteger.optional(),
  allowed_updates: vNested(z.array(z.string())).optional(),
  drop_pending_updates: vBoolean.default(false),
});
const deleteArgs = z.looseObject({ drop_pending_updates: vBoolean.default(false) });

/** A method result together with the description Telegram adds to it. */
export interface Described {
  result: true;
  description: string;
}

/**
 * setWebhook. An empty url removes the webhook.
 * @param allowHttp accept http, any port and loopback hosts, for receivers on this machine.
 */
export function setWebhook(bot: Bot, raw: RawArgs, allowHttp: boolean): Described {
  const args = parseArgs(setArgs, raw);
  if (args.url === "") return deleteWebhook(bot, raw);
  requireWebhookUrl(args.url, allowHttp);
  requireSecret(args.secret_token);
  const maxConnections = Math.min(100, Math.max(1, args.max_connections ?? DEFAULT_MAX_CONNECTIONS));
  const before = bot.delivery.webhook;
  const same =
    before?.url === args.url &&
    before.secretToken === args.secret_token &&
    before.maxConnections === maxConnections &&
    args.allowed_updates === undefined &&
    !args.drop_pending_updates;
  if (same) return { result: true, description: "Webhook is already set" };
  if (args.allowed_updates) {
    bot.allowedUpdates = args.allowed_updates.length > 0 ? args.allowed_updates : undefined;
  }
  if (args.drop_pending_updates) bot.queue.clear();
  bot.endPoll?.();
  bot.delivery.setWebhook({ url: args.url, secretToken: args.secret_token, maxConnections });
  return { result: true, description: "Webhook was set" };
}

/** deleteWebhook; pending updates stay for getUpdates unless told otherwise. */
export function deleteWebhook(bot: Bot, raw: RawArgs): Described {
  const args = parseArgs(deleteArgs, raw);
  if (args.drop_pending_updates) bot.queue.clear();
  const had = bot.delivery.webhook !== undefined;
  bot.delivery.setWebhook(undefined);
  return { result: true, description: had ? "Webhook was deleted" : "Webhook is already deleted" };
}

/** getWebhookInfo; the secret is never part of it. */
export function getWebhookInfo(bot: Bot) {
  const { webhook, lastError } = bot.delivery;
  return {
    url: webhook?.url ?? "",
    has_custom_certificate: false,
    pending_update_count: bot.queue.size,
    ...(webhook ? { max_connections: webhook.maxConnections } : {}),
    ...(webhook && lastError
      ? { last_error_date: Math.floor(lastError.atMs / 1000), last_error_message: lastError.message }
      : {}),
    ...(bot.allowedUpdates ? { allowed_updates: bot.allowedUpdates } : {}),
  };
}

function requireSecret(secret: string | undefined): void {
  if (secret === undefined) return;
  if (secret.length > MAX_SECRET_CHARS) throw badRequest("secret token is too long");
  if (!/^[A-Za-z0-9_-]*$/.test(secret)) throw badRequest("secret token contains unallowed characters");
}

function requireWebhookUrl(text: string, allowHttp: boolean): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw badRequest("invalid webhook URL specified");
  if (allowHttp) return;
  if (url.protocol !== "https:") throw badRequest("bad webhook: An HTTPS URL must be provided for webhook");
  if (!PORTS.has(url.port)) {
    throw badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443");
  }
  const host = url.hostname === "localhost" ? "127.0.0.1" : url.hostname;
  if (isIP(host) === 4 && RESERVED.test(host))
    throw badRequest(`bad webhook: IP address ${host} is reserved`);
}
