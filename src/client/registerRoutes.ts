/** Mounts the HTTP routes: Telegram's webhook and the worker gateway. */
import { httpActionGeneric, type HttpRouter, type RoutableMethod } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { defaultPathPrefix, normalizePathPrefix, telegramWebhookPath } from "../contract/gateway.js";
import { refusal } from "./http/jsonReply.js";
import { telegramWebhook, type TelegramWebhookOptions } from "./telegram/webhook.js";
import { imageGateway } from "./imageGateway.js";
import { workerGateway } from "./workerGateway.js";

export interface RegisterRoutesOptions extends TelegramWebhookOptions {
  /** Default `/agent-factory`. Another one must also be the component's `AGENT_FACTORY_PATH_PREFIX`. */
  pathPrefix?: string;
}

/** HEAD is routed as GET by Convex. */
const OTHER_METHODS: readonly RoutableMethod[] = ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"];

/**
 * Registers `POST <prefix>/telegram/webhook`, the worker gateway below `<prefix>/api/` and, below `<prefix>/w/`, the door
 * of the published worker image; other methods get 405.
 *
 * A message's agent is `resolveAgentKey(update)`, else the sender's binding at that bot, else the agent whose token the bot
 * has, else `fallbackAgentKey`. With `requireBindingForTelegram`, a message that neither of the first two resolves is
 * answered with 200 and `{"ok":false,"error":"no active binding for telegram user"}` and goes nowhere.
 */
export function registerRoutes(
  http: HttpRouter,
  component: ComponentApi,
  options: RegisterRoutesOptions = {},
): void {
  const prefix = normalizePathPrefix(options.pathPrefix ?? defaultPathPrefix);
  const webhookPath = telegramWebhookPath(prefix);
  const apiPath = `${prefix}/api`;
  const gateway = workerGateway(component, apiPath);
  const gatewayPrefixes = [`${apiPath}/agent_workers/`, `${apiPath}/w/`];
  const imagePath = `${prefix}/w`;

  http.route({
    path: webhookPath,
    method: "POST",
    handler: telegramWebhook(component, webhookPath, options),
  });
  for (const pathPrefix of gatewayPrefixes) http.route({ pathPrefix, method: "POST", handler: gateway });
  http.route({ pathPrefix: `${imagePath}/`, method: "POST", handler: imageGateway(component, imagePath) });
  for (const method of OTHER_METHODS) {
    http.route({ path: webhookPath, method, handler: methodNotAllowed });
    for (const pathPrefix of [...gatewayPrefixes, `${imagePath}/`])
      http.route({ pathPrefix, method, handler: methodNotAllowed });
  }
}

const methodNotAllowed = httpActionGeneric(() => {
  const response = refusal(405, "method_not_allowed", "Only POST is accepted");
  response.headers.set("Allow", "POST");
  return Promise.resolve(response);
});
