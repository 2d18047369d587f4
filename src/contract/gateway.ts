/**
 * The worker gateway, three doors to the same functions:
 * - `POST <prefix>/api/agent_workers/<operation>` (instance-wide) and
 *   `POST <prefix>/api/w/<workspace>/agent_workers/<operation>`: `Authorization: Bearer <token>`, JSON body = the
 *   arguments of the component function without `workerToken`. 200 `{"ok":true,"value":…}`; refusals
 *   `{"ok":false,"error":{"code","message"}}` with the status of `statusOfCode`.
 * - `POST <prefix>/w/<alias>/api/query` and `/api/mutation`: Convex's HTTP API for the published 1.0.11 image, which can
 *   only prefix its URL. Body `{path: "<namespace>:<key>", args, format?}`; the keys are those of the table below.
 */
import type { ErrorCode } from "./errors.js";
import * as media from "./media.js";
import * as probes from "./probes.js";
import * as queue from "./queue.js";
import type { ContractRow } from "./row.js";
import * as skills from "./skills.js";
import * as snapshots from "./snapshots.js";
import * as workers from "./workers.js";

export interface WorkerCall {
  /** The component's function, in `lib`. */
  readonly fn: string;
  readonly kind: "query" | "mutation";
  /** Arguments are compared with it before they are forwarded; its result is the value that a worker gets. */
  readonly row: ContractRow;
  /** Its name on the gateway's routes, or null. */
  readonly operation: string | null;
  /** Its name for the published image (also an `exposeApi` key), or null. */
  readonly imageKey: string | null;
}

/** Everything a worker may call. A new worker function is one more line here. */
export const workerCalls = [
  { fn: "workerHello", kind: "mutation", row: workers.workerHello, operation: "hello", imageKey: null },
  // One call, whatever it finds: the job is the worker's value, the hint of one that found nothing stands beside it.
  { fn: "poll", kind: "mutation", row: queue.claim, operation: "claim", imageKey: null },
  { fn: "claim", kind: "mutation", row: queue.claim, operation: null, imageKey: "workerClaim" },
  {
    fn: "getHydrationBundle",
    kind: "query",
    row: queue.getHydrationBundle,
    operation: "hydrate",
    imageKey: "workerHydrationBundle",
  },
  { fn: "renewLease", kind: "mutation", row: queue.renewLease, operation: "heartbeat", imageKey: null },
  { fn: "heartbeat", kind: "mutation", row: queue.heartbeat, operation: null, imageKey: "workerHeartbeat" },
  { fn: "settle", kind: "mutation", row: queue.settle, operation: "settle", imageKey: null },
  {
    fn: "complete",
    kind: "mutation",
    row: queue.complete,
    operation: "complete",
    imageKey: "workerComplete",
  },
  { fn: "fail", kind: "mutation", row: queue.fail, operation: "fail", imageKey: "workerFail" },
  {
    fn: "appendConversationMessages",
    kind: "mutation",
    row: queue.appendConversationMessages,
    operation: "append",
    imageKey: "workerAppendConversationMessages",
  },
  {
    fn: "attachMessageMetadata",
    kind: "mutation",
    row: queue.attachMessageMetadata,
    operation: "metadata",
    imageKey: "workerAttachMessageMetadata",
  },
  {
    fn: "getWorkerControlState",
    kind: "query",
    row: workers.getWorkerControlState,
    operation: "control_state",
    imageKey: "workerControlState",
  },
  // Over Convex's own WebSocket only, by the app's function of that name.
  { fn: "workerWake", kind: "query", row: workers.workerWake, operation: null, imageKey: null },
  {
    fn: "hasQueuedJobsForConversation",
    kind: "query",
    row: queue.hasQueuedJobsForConversation,
    operation: "has_queued",
    imageKey: "workerConversationHasQueued",
  },
  {
    fn: "reportProbe",
    kind: "mutation",
    row: probes.reportProbe,
    operation: "probe_report",
    imageKey: null,
  },
  {
    fn: "getWorkerMemory",
    kind: "query",
    row: snapshots.getWorkerMemory,
    operation: "memory",
    imageKey: null,
  },
  {
    fn: "getLatestDataSnapshotForRestore",
    kind: "query",
    row: snapshots.getLatestDataSnapshotForRestore,
    operation: "snapshot_restore",
    imageKey: "workerLatestSnapshotForRestore",
  },
  {
    fn: "prepareDataSnapshotUpload",
    kind: "mutation",
    row: snapshots.prepareDataSnapshotUpload,
    operation: "snapshot_prepare",
    imageKey: "workerPrepareSnapshotUpload",
  },
  {
    fn: "finalizeDataSnapshotUpload",
    kind: "mutation",
    row: snapshots.finalizeDataSnapshotUpload,
    operation: "snapshot_finalize",
    imageKey: "workerFinalizeSnapshotUpload",
  },
  {
    fn: "failDataSnapshotUpload",
    kind: "mutation",
    row: snapshots.failDataSnapshotUpload,
    operation: "snapshot_fail",
    imageKey: "workerFailSnapshotUpload",
  },
  {
    fn: "releaseConversation",
    kind: "mutation",
    row: snapshots.releaseConversation,
    operation: "release_conversation",
    imageKey: null,
  },
  {
    fn: "getWorkerGlobalSkillsManifest",
    kind: "query",
    row: skills.getWorkerGlobalSkillsManifest,
    operation: "skills_manifest",
    imageKey: "workerGlobalSkillsManifest",
  },
  {
    fn: "getWorkerGlobalSkillsIndex",
    kind: "query",
    row: skills.getWorkerGlobalSkillsIndex,
    operation: "skills_index",
    imageKey: null,
  },
  {
    fn: "getGlobalSkillFiles",
    kind: "query",
    row: skills.getGlobalSkillFiles,
    operation: "skills_files",
    imageKey: null,
  },
  {
    fn: "generateMediaUploadUrl",
    kind: "mutation",
    row: media.generateMediaUploadUrl,
    operation: "media_upload_url",
    imageKey: "workerGenerateMediaUploadUrl",
  },
  {
    fn: "getStorageFileUrl",
    kind: "query",
    row: media.getStorageFileUrl,
    operation: "media_url",
    imageKey: "workerGetStorageFileUrl",
  },
] as const satisfies readonly WorkerCall[];

export type GatewayOperation = NonNullable<(typeof workerCalls)[number]["operation"]>;

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
