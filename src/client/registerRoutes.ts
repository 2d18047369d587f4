/** Mounts the HTTP routes: the channels' webhooks and the worker gateway. */
import { httpActionGeneric, type HttpRouter, type RoutableMethod } from "convex/server";
import type { ComponentApi } from "../component/_generated/component.js";
import { defaultPathPrefix, normalizePathPrefix } from "../contract/paths.js";
import { refusal } from "./http/replies.js";
import { imageGateway } from "./imageGateway.js";
import { webhooks, type WebhookOptions } from "./webhooks.js";
import { workerGateway } from "./workerGateway.js";

export interface RegisterRoutesOptions extends WebhookOptions {
  /** Default `/agent-factory`. Another one must also be the component's `AGENT_FACTORY_PATH_PREFIX`. */
  pathPrefix?: string;
}

/** HEAD is routed as GET by Convex. */
const OTHER_METHODS: readonly RoutableMethod[] = ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"];

/**
 * Registers `POST <prefix>/<channel>/webhook` for each channel that calls, the worker gateway below `<prefix>/api/` and, below
 * `<prefix>/w/`, the door of the published worker image; other methods get 405.
 *
 * A message's agent is `resolveAgentKey(update)`, else the sender's binding at that bot, else the agent whose token the bot
 * has, else `fallbackAgentKey`.
 */
export function registerRoutes(
  http: HttpRouter,
  component: ComponentApi,
  options: RegisterRoutesOptions = {},
): void {
  const prefix = normalizePathPrefix(options.pathPrefix ?? defaultPathPrefix);
  const apiPath = `${prefix}/api`;
  const gateway = workerGateway(component, apiPath);
  const gatewayPrefixes = [`${apiPath}/agent_workers/`, `${apiPath}/w/`];
  const imagePath = `${prefix}/w`;

  for (const { path: pathIn, handler } of webhooks) {
    const path = pathIn(prefix);
    http.route({ path, method: "POST", handler: handler(component, path, options) });
    for (const method of OTHER_METHODS) http.route({ path, method, handler: methodNotAllowed });
  }
  for (const pathPrefix of gatewayPrefixes) http.route({ pathPrefix, method: "POST", handler: gateway });
  http.route({ pathPrefix: `${imagePath}/`, method: "POST", handler: imageGateway(component, imagePath) });
  for (const method of OTHER_METHODS) {
    for (const pathPrefix of [...gatewayPrefixes, `${imagePath}/`])
      http.route({ pathPrefix, method, handler: methodNotAllowed });
  }
}

const methodNotAllowed = httpActionGeneric(() => {
  const response = refusal({ status: 405, code: "method_not_allowed", message: "Only POST is accepted" });
  response.headers.set("Allow", "POST");
  return Promise.resolve(response);
});
