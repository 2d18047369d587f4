/**
 * The worker gateway: `POST <prefix>/api/agent_workers/<operation>` (instance-wide) or
 * `POST <prefix>/api/w/<workspace>/agent_workers/<operation>`, `Authorization: Bearer <token>`, JSON body = the
 * arguments of the component function without `workerToken`.
 *
 * 200 `{"ok":true,"value":…}`; refusals `{"ok":false,"error":{"code","message"}}` with 400 (bad request or argument),
 * 401 (no, forged or expired token), 403 (revoked, or not this worker's), 404 (unknown operation), 405, 409 (the lease
 * is lost, where a result cannot say so), 413 (body too large), 500 (a bug; safe to retry).
 */
import * as queue from "./queue.js";
import type { ContractRow } from "./row.js";
import * as workers from "./workers.js";

export const gatewayOperations = {
  claim: "claim",
  hydrate: "getHydrationBundle",
  heartbeat: "renewLease",
  settle: "settle",
  complete: "complete",
  fail: "fail",
  append: "appendConversationMessages",
  metadata: "attachMessageMetadata",
  control_state: "getWorkerControlState",
  has_queued: "hasQueuedJobsForConversation",
} as const;
export type GatewayOperation = keyof typeof gatewayOperations;

/** The contract row behind each operation: the gateway checks bodies against it before it forwards them. */
export const gatewayRows = {
  claim: queue.claim,
  hydrate: queue.getHydrationBundle,
  heartbeat: queue.renewLease,
  settle: queue.settle,
  complete: queue.complete,
  fail: queue.fail,
  append: queue.appendConversationMessages,
  metadata: queue.attachMessageMetadata,
  control_state: workers.getWorkerControlState,
  has_queued: queue.hasQueuedJobsForConversation,
} as const satisfies Record<GatewayOperation, ContractRow>;

export const defaultPathPrefix = "/agent-factory";
/** Largest request body in bytes; a settle with a maximal reply and turns fits. */
export const maxGatewayBodyBytes = 2 * 1024 * 1024;
/** Largest webhook body in bytes; Telegram's updates are far smaller. */
export const maxWebhookBodyBytes = 1024 * 1024;

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

/** Where Telegram delivers updates, below the site's origin. */
export function telegramWebhookPath(pathPrefix: string = defaultPathPrefix): string {
  return `${normalizePathPrefix(pathPrefix)}/telegram/webhook`;
}
