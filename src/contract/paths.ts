/** Where what calls a deployment finds it, below the site's origin. */
import type { GatewayOperation } from "./gateway.js";

export const defaultPathPrefix = "/agent-factory";

/** A path prefix with one leading slash and no trailing one; blank means the root. */
export function normalizePathPrefix(prefix: string): string {
  const inner = prefix.trim().replace(/^\/+|\/+$/g, "");
  return inner === "" ? "" : `/${inner}`;
}

/** The path of a gateway operation below the site's origin; with a workspace, the route of that tenant. */
export function gatewayPath(
  operation: GatewayOperation,
  options: { pathPrefix?: string; workspace?: string } = {},
): string {
  const base = `${normalizePathPrefix(options.pathPrefix ?? defaultPathPrefix)}/api`;
  const scope = options.workspace === undefined ? "" : `/w/${encodeURIComponent(options.workspace)}`;
  return `${base}${scope}/agent_workers/${operation}`;
}

/** 256 random bits as base64url. */
export const aliasShape = /^[A-Za-z0-9_-]{43}$/;
/** What stands for an alias in `workerToken`, between its route and the component; no other door accepts it. */
export const aliasCredential = (alias: string): string => `alias:${alias}`;
/** The alias of such a credential, or null for anything else. */
export function aliasOf(credential: string): string | null {
  const alias = credential.startsWith("alias:") ? credential.slice("alias:".length) : "";
  return aliasShape.test(alias) ? alias : null;
}
/** What the published image gets as `CONVEX_URL`, below the site's origin. It is a secret, like the token it stands for. */
export const aliasPath = (alias: string, pathPrefix: string = defaultPathPrefix): string =>
  `${normalizePathPrefix(pathPrefix)}/w/${alias}`;

/** Where Telegram delivers updates, below the site's origin. */
export function telegramWebhookPath(pathPrefix: string = defaultPathPrefix): string {
  return `${normalizePathPrefix(pathPrefix)}/telegram/webhook`;
}
