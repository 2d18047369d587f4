/**
 * Probes: an operator asks one worker whether it reaches something from where it stands. The kinds are fixed in the worker;
 * a probe names a target, never what to do with it, and only whether and how it was reached comes back, never content.
 */
import { v, type Infer } from "convex/values";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";

/**
 * `host`: a TCP connection to `host:port`. `url`: one GET without credentials, redirects not followed, the body dropped.
 * `model`, `gateway`: the model endpoint or agent gateway of the worker's own configuration; they take no target.
 */
export const vProbeKind = lazy(() => oneOf("host", "url", "model", "gateway"));
export type ProbeKind = Infer<typeof vProbeKind>;

/** `waiting` until the worker answers or `expiresAt` passes. */
export const vProbeStatus = lazy(() => oneOf("waiting", "done", "expired"));

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
    httpStatus: opt.number,
  }),
);
export type ProbeResult = Infer<typeof vProbeResult>;

const vProbeView = lazy(() =>
  v.object({
    probeId: v.string(),
    workerId: v.string(),
    kind: vProbeKind,
    target: orNull.string,
    timeoutMs: v.number(),
    status: vProbeStatus,
    requestedAt: v.number(),
    expiresAt: v.number(),
    finishedAt: orNull.number,
    result: v.union(vProbeResult, v.null()),
  }),
);
export type ProbeView = Infer<typeof vProbeView>;

/** What the worker gets with its control state. */
export const vProbeOrder = lazy(() => vProbeView.pick("probeId", "kind", "target", "timeoutMs"));
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
export const requestProbe = mutation("operators", { for: "admin" })(() => ({
  args: {
    workerId: v.string(),
    kind: vProbeKind,
    target: opt.string,
    timeoutMs: opt.number,
    requestedBy: opt.string,
  },
  returns: v.object({ probeId: v.string(), expiresAt: v.number() }),
}));

/** One probe with its result; null when it is unknown or too old. */
export const getProbe = query("operators", { for: "admin" })(() => ({
  args: { probeId: v.string() },
  returns: v.union(v.null(), vProbeView),
}));

/** Newest first; `limit` 1..100, default 20. */
export const listProbes = query("operators", { for: "admin" })(() => ({
  args: { workerId: v.string(), limit: opt.number },
  returns: v.array(vProbeView),
}));

/** The worker's answer. false: unknown, another worker's, or over. Repeatable. */
export const reportProbe = mutation("workers", {
  for: "worker",
  as: "workerReportProbe",
  operation: "probe_report",
})(() => ({
  args: {
    workerId: v.string(),
    probeId: v.string(),
    result: vProbeResult,
    workerToken: opt.string,
  },
  returns: v.boolean(),
}));
