/**
 * The worker gateway: `POST <prefix>/api/agent_workers/<operation>` (instance-wide) or
 * `POST <prefix>/api/w/<workspace>/agent_workers/<operation>`, `Authorization: Bearer <token>`, JSON body = the
 * arguments of the component function without `workerToken`.
 *
 * 200 `{"ok":true,"value":…}`; refusals `{"ok":false,"error":{"code","message"}}` with 400 (bad request or argument),
 * 401 (no, forged or expired token), 403 (revoked, or not this worker's), 404 (unknown operation), 405, 413 (body too
 * large), 500 (a bug; safe to retry).
 */
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

export const defaultPathPrefix = "/agent-factory";
/** Largest request body in bytes; a settle with a maximal reply and turns fits. */
export const maxGatewayBodyBytes = 2 * 1024 * 1024;
/** Largest webhook body in bytes; Telegram's updates are far smaller. */
export const maxWebhookBodyBytes = 1024 * 1024;
