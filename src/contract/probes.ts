/**
 * Probes: an operator asks one worker whether it reaches something from where it stands. The kinds are fixed in the worker;
 * a probe names a target, never what to do with it, and only whether and how it was reached comes back, never content.
 */
import { v, type Infer } from "convex/values";
import { defineRow, lazy } from "./row.js";

/**
 * `host`: a TCP connection to `host:port`. `url`: one GET without credentials, redirects not followed, the body dropped.
 * `model`, `gateway`: the model endpoint or agent gateway of the worker's own configuration; they take no target.
 */
export const vProbeKind = lazy(() =>
  v.union(v.literal("host"), v.literal("url"), v.literal("model"), v.literal("gateway")),
);
export type ProbeKind = Infer<typeof vProbeKind>;

/** `waiting` until the worker answers or `expiresAt` passes. */
export const vProbeStatus = lazy(() =>
  v.union(v.literal("waiting"), v.literal("done"), v.literal("expired")),
);

/**
 * - `code`: `reached`, else a stable reason: `dns`, `refused`, `unreachable`, `timeout`, `tls`,
 *   `client_certificate`, `proxy`, `http`, `denied`, `not_configured`, `invalid`, `disabled`.
 * - `message`: For people; names the worker's network.
 * - `latencyMs`: How long it took, in ms.
 */
export const vProbeResult = lazy(() =>
  v.object({
    ok: v.boolean(),
    code: v.string(),
    message: v.string(),
    latencyMs: v.number(),
    httpStatus: v.optional(v.number()),
  }),
);
export type ProbeResult = Infer<typeof vProbeResult>;

const vProbeView = lazy(() =>
  v.object({
    probeId: v.string(),
    workerId: v.string(),
    kind: vProbeKind,
    target: v.union(v.string(), v.null()),
    timeoutMs: v.number(),
    status: vProbeStatus,
    requestedAt: v.number(),
    expiresAt: v.number(),
    finishedAt: v.union(v.number(), v.null()),
    result: v.union(vProbeResult, v.null()),
  }),
);
export type ProbeView = Infer<typeof vProbeView>;

/** What the worker gets with its control state. */
export const vProbeOrder = lazy(() =>
  v.object({
    probeId: v.string(),
    kind: vProbeKind,
    target: v.union(v.string(), v.null()),
    timeoutMs: v.number(),
  }),
);
export type ProbeOrder = Infer<typeof vProbeOrder>;

/** Open probes of one worker. */
export const MAX_OPEN_PROBES = 4;

/**
 * Orders one. The worker takes it with its next poll between two messages. `invalid_argument` for a wrong target or with
 * four open ones; `worker_not_found` for a worker that is not there.
 * - `target`: `host`: `host:port`; `url`: an http or https URL without credentials.
 * - `timeoutMs`: 100..30000 ms, default 5000.
 * - `requestedBy`: Who asks, for the audit log.
 */
export const requestProbe = defineRow({ kind: "mutation", module: "operators", access: "admin" })(() => ({
  args: {
    workerId: v.string(),
    kind: vProbeKind,
    target: v.optional(v.string()),
    timeoutMs: v.optional(v.number()),
    requestedBy: v.optional(v.string()),
  },
  returns: v.object({ probeId: v.string(), expiresAt: v.number() }),
}));

export const getProbe = defineRow({ kind: "query", module: "operators", access: "admin" })(() => ({
  args: { probeId: v.string() },
  returns: v.union(v.null(), vProbeView),
}));

/** Newest first; `limit` 1..100, default 20. */
export const listProbes = defineRow({ kind: "query", module: "operators", access: "admin" })(() => ({
  args: { workerId: v.string(), limit: v.optional(v.number()) },
  returns: v.array(vProbeView),
}));

/** The worker's answer. false: unknown, another worker's, or over. Repeatable. */
export const reportProbe = defineRow({
  kind: "mutation",
  module: "workers",
  access: "worker",
  as: "workerReportProbe",
  operation: "probe_report",
})(() => ({
  args: {
    workerId: v.string(),
    probeId: v.string(),
    result: vProbeResult,
    workerToken: v.optional(v.string()),
  },
  returns: v.boolean(),
}));
