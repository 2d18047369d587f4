/** The worker gateway over HTTP: one POST per call, JSON both ways, the token only in the Authorization header. */
import { z } from "zod";
import { type GatewayOperation } from "../../../src/contract/gateway.js";
import { gatewayPath } from "../../../src/contract/paths.js";
import { reportProbe } from "../../../src/contract/probes.js";
import { repeatDelayMs, type Pressure } from "../../../src/policy/calls/pressure.js";
import { wellFormed } from "../../../src/policy/text/cut.js";
import { systemClock, type Clock } from "../clock.js";
import { CertificateWanted, failureOf, wantsCertificate } from "../net/failure.js";
import { skillsFilesReply, skillsIndexReply, type SkillsTransport } from "../skills/skillsTransport.js";
import type { ProbeTransport } from "../probes/answer.js";
import { memoryReply, prepareReply, restoreReply, type MemoryTransport } from "../memory/transport.js";
import type { HelloTransport, Introduction } from "../hello.js";
import type { IdleHint } from "../waiting/waiting.js";
import { schemaOf } from "../transport/schemaOf.js";
import { TransportError, type Held, type Transport } from "../transport/transport.js";
import { claimReply, controlReply, envelope, renewReply, settleReply } from "../transport/wire.js";
import { parseJson } from "../../../src/policy/text/parseJson.js";

const probeReply = schemaOf(reportProbe.returns);

export interface GatewayOptions {
  /** Site origin and path prefix without a trailing slash. */
  baseUrl: string;
  token: string;
  workerId: string;
  /** Names this process, so that a second one under the same id is told apart. */
  instance?: string;
  /** Takes the tenant's route; absent = the instance-wide one. */
  workspaceId?: string;
  /** Whether the engine keeps memory on disk; then the component binds one conversation at a time to this worker. */
  stateful?: boolean;
  /** What claims say about wake-ups; see `Waiting`. */
  listens?: () => boolean | undefined;
  /** Hears what comes with the answer to a claim that found nothing. */
  onIdle?: (hint: IdleHint) => void;
  /** Longest wait for one complete answer. */
  timeoutMs: number;
  fetch?: typeof fetch;
  /** Runs around each attempt of a call, to count and time it. */
  around?: <T>(operation: GatewayOperation, attempt: () => Promise<T>) => Promise<T>;
  /** Hears of each call that the deployment did not commit, whether it is repeated or given up. */
  onPressure?: (operation: GatewayOperation, pressure: Pressure) => void;
  clock?: Pick<Clock, "random" | "sleep">;
}

export interface UploadTransport {
  /** A URL that takes one upload of a file. */
  uploadUrl(signal?: AbortSignal): Promise<string>;
}

/** Builds the transport of a worker that speaks to a deployment's worker gateway. */
export function createGatewayTransport(
  options: GatewayOptions,
): Transport & SkillsTransport & MemoryTransport & HelloTransport & ProbeTransport & UploadTransport {
  const { workerId, workspaceId: workspace } = options;
  const around = options.around ?? ((_operation, attempt) => attempt());
  const clock = options.clock ?? systemClock;
  let { instance } = options;

  /** An older component knows no names of processes and refuses them; the worker does without then. */
  async function hello(said: Introduction, signal?: AbortSignal): Promise<unknown> {
    try {
      return await call("hello", { workerId, ...said, instance }, z.unknown(), signal);
    } catch (error) {
      const code = error instanceof TransportError ? error.code : null;
      if (instance === undefined || (code !== "invalid_argument" && code !== "operation_unknown"))
        throw error;
      instance = undefined;
      return await hello(said, signal);
    }
  }

  /** One call; what the deployment did not commit is made again at once, a few times, as nothing of it was stored. */
  async function call<T>(
    operation: GatewayOperation,
    args: Record<string, unknown>,
    schema: z.ZodType<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await around(operation, () => callOnce(operation, args, schema, signal));
      } catch (error) {
        const pressure = error instanceof TransportError ? error.pressure : null;
        if (pressure === null) throw error;
        options.onPressure?.(operation, pressure);
        const waitMs = repeatDelayMs(pressure, failures, clock.random());
        if (waitMs === null) throw error;
        await clock.sleep(waitMs, signal);
        if (signal?.aborted) throw new TransportError("aborted", `${operation}: aborted`, false);
      }
    }
  }

  async function callOnce<T>(
    operation: GatewayOperation,
    args: Record<string, unknown>,
    schema: z.ZodType<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    // The base URL ends with the path prefix already.
    const url = options.baseUrl + gatewayPath(operation, { pathPrefix: "", workspace });
    const { status, body } = await post(options, url, operation, args, signal);
    const parsed = envelope.safeParse(body);
    if (!parsed.success) {
      throw new TransportError(
        "unexpected_reply",
        `${operation}: not an answer of the worker gateway (HTTP ${status})`,
        isTransient(status),
        status,
      );
    }
    if (!parsed.data.ok) {
      const { code, message } = parsed.data.error;
      throw new TransportError(code, `${operation}: ${message}`, isTransient(status), status);
    }
    if (operation === "claim" && parsed.data.value === null) options.onIdle?.(parsed.data);
    const value = schema.safeParse(parsed.data.value);
    if (!value.success) {
      const where = value.error.issues[0]?.path.join(".") ?? "";
      throw new TransportError(
        "unexpected_reply",
        `${operation}: answer of an unexpected shape at "${where}"`,
        false,
        status,
      );
    }
    return value.data;
  }

  return {
    hello,
    claim: (signal) =>
      call(
        "claim",
        { workerId, hydrate: true, stateful: options.stateful, listens: options.listens?.(), instance },
        claimReply,
        signal,
      ),
    settle: (held, request, signal) =>
      call(
        "settle",
        { workerId, ...pick(held), ...request, ...(request.claimNext && { instance }) },
        settleReply,
        signal,
      ),
    heartbeat: (held, signal) => call("heartbeat", { workerId, ...pick(held) }, renewReply, signal),
    controlState: (signal) => call("control_state", { workerId }, controlReply, signal),
    reportProbe: (answer, signal) => call("probe_report", { workerId, ...answer }, probeReply, signal),
    memory: (leaseId, signal) => call("memory", { workerId, leaseId }, memoryReply, signal),
    restore: ({ workspaceId, agentKey, conversationId }, leaseId, signal) => {
      const args = { workerId, workspaceId, agentKey, conversationId, leaseId };
      return call("snapshot_restore", args, restoreReply, signal);
    },
    prepareSnapshot: ({ everyTurns: _everyTurns, maxBytes: _maxBytes, ...of }, more, signal) =>
      call("snapshot_prepare", { workerId, ...of, ...more }, prepareReply, signal),
    finalizeSnapshot: (snapshot, signal) =>
      call("snapshot_finalize", { workerId, ...snapshot }, z.boolean(), signal),
    failSnapshot: (failed, signal) => call("snapshot_fail", { workerId, ...failed }, z.boolean(), signal),
    release: (given, signal) => call("release_conversation", { workerId, ...given }, z.boolean(), signal),
    uploadUrl: async (signal) =>
      (await call("media_upload_url", {}, z.object({ uploadUrl: z.string() }), signal)).uploadUrl,
    skillsIndex: (request, signal) =>
      call("skills_index", { workerId, ...request }, skillsIndexReply, signal),
    skillsFiles: (hashes, signal) => call("skills_files", { workerId, hashes }, skillsFilesReply, signal),
  };
}

/** A job may be passed as `held`; only the two names belong into a request. */
const pick = ({ messageId, leaseId }: Held): Held => ({ messageId, leaseId });

const isTransient = (status: number): boolean => status >= 500 || status === 429 || status === 408;

async function post(
  options: GatewayOptions,
  url: string,
  operation: string,
  args: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<{ status: number; body: unknown }> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  try {
    const response = await (options.fetch ?? fetch)(url, {
      method: "POST",
      headers: { authorization: `Bearer ${options.token}`, "content-type": "application/json" },
      // Half a surrogate pair, from an engine or a file name, would have the whole call refused.
      body: JSON.stringify(args, (_key, value: unknown) =>
        typeof value === "string" ? wellFormed(value) : value,
      ),
      // A redirect would carry the token elsewhere, or turn the POST into a GET.
      redirect: "manual",
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const text = await response.text();
    if (wantsCertificate(response.status, text)) throw new CertificateWanted();
    return { status: response.status, body: parseJson(text) };
  } catch (error) {
    if (signal?.aborted) throw new TransportError("aborted", `${operation}: aborted`, false);
    if (timeout.aborted)
      throw new TransportError("timeout", `${operation}: no answer within ${options.timeoutMs} ms`, true);
    const { what } = failureOf(error);
    throw new TransportError("network", `${operation}: ${what}`, true, null, { cause: error });
  }
}
