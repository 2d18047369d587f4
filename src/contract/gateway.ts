/**
 * The worker gateway, three doors to the same functions:
 * - `POST <prefix>/api/agent_workers/<operation>` (instance-wide) and
 *   `POST <prefix>/api/w/<workspace>/agent_workers/<operation>`: `Authorization: Bearer <token>`, JSON body = the
 *   arguments of the component function without `workerToken`. 200 `{"ok":true,"value":…}`; refusals
 *   `{"ok":false,"error":{"code","message"}}` with the status of `statusOfCode`.
 * - `POST <prefix>/w/<alias>/api/query` and `/api/mutation`: Convex's HTTP API for the published 1.0.11 image, which can
 *   only prefix its URL. Body `{path: "<namespace>:<key>", args, format?}`; the keys are those of the rows that say `image`.
 */
import type { ErrorCode } from "./errors.js";
import { workerRows } from "./gateway.generated.js";
import type { ContractRow } from "./row.js";

type WorkerRows = typeof workerRows;
type OperationOf<Row> = Row extends { operation: infer Operation extends string } ? Operation : never;
export type GatewayOperation = { [Fn in keyof WorkerRows]: OperationOf<WorkerRows[Fn]> }[keyof WorkerRows];

export interface WorkerCall {
  /** The component's function, in `lib`. */
  readonly fn: string;
  readonly kind: "query" | "mutation";
  /** Arguments are compared with it before they are forwarded; its result is the value that a worker gets. */
  readonly row: ContractRow;
  /** Its name on the gateway's routes, or null. */
  readonly operation: GatewayOperation | null;
  /** Its name for the published image (also an `exposeApi` key), or null. */
  readonly imageKey: string | null;
}

type WorkerRow = ContractRow & Pick<WorkerCall, "kind"> & { operation?: GatewayOperation };
const rows: Readonly<Record<string, WorkerRow>> = workerRows;

/** Everything a worker may call. */
export const workerCalls: readonly WorkerCall[] = Object.entries(rows).map(([fn, row]) => ({
  fn,
  kind: row.kind,
  row: row.resultOf ?? row,
  operation: row.operation ?? null,
  imageKey: row.image ? (row.as ?? fn) : null,
}));

export const callOfOperation = (name: string): WorkerCall | undefined =>
  workerCalls.find((call) => call.operation !== null && call.operation === name);
export const callOfImageKey = (name: string): WorkerCall | undefined =>
  workerCalls.find((call) => call.imageKey !== null && call.imageKey === name);

/**
 * The status of each code that a caller of the gateway can meet; a code that is not here is the caller's bad argument,
 * 400. 401: who are you; 403: not you; 5xx: ours, repeat later.
 */
export const statusOfCode: Partial<Record<ErrorCode, number>> = {
  worker_token_required: 401,
  worker_token_invalid: 401,
  worker_token_expired: 401,
  worker_token_revoked: 403,
  worker_limit_reached: 403,
  worker_mismatch: 403,
  worker_id_taken: 403,
  worker_id_in_use: 403,
  workspace_mismatch: 403,
  lane_not_allowed: 403,
  operation_unknown: 404,
  method_not_allowed: 405,
  lease_lost: 409,
  snapshot_refused: 409,
  request_too_large: 413,
  rate_limited: 429,
  too_many_writes: 429,
  secret_key_unavailable: 500,
  secret_damaged: 500,
  master_key_invalid: 500,
  internal: 500,
  write_conflict: 503,
};
/** Refusals that count towards the limit of `policies.gateway.refusalsPerMinute`: those that guessing would meet. */
export const countsAsRefusal = (status: number): boolean => status === 401 || status === 403;

/** Largest request body in bytes; a settle with a maximal reply and turns fits. */
export const MAX_GATEWAY_BODY_BYTES = 2 * 1024 * 1024;
/** Largest webhook body in bytes; Telegram's updates are far smaller. */
export const MAX_WEBHOOK_BODY_BYTES = 1024 * 1024;
