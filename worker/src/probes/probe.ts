/**
 * Checks whether this worker reaches something, from its own network. The kinds below are all there is: an order names one
 * and a target, and what comes back is whether and how it was reached, never what it said.
 */
import { connect } from "node:net";
import { z } from "zod";
import { vProbeOrder, type ProbeOrder, type ProbeResult } from "../../../src/contract/probes.js";
import { hostAndPort, probeTargetProblem } from "../../../src/policy/worker/probeTarget.js";
import type { Clock } from "../clock.js";
import { failureOf } from "../net/failure.js";
import { schemaOf } from "../transport/schemaOf.js";

/** An order as this worker understands it; of any further field it knows nothing. */
export const probeOrder = schemaOf(vProbeOrder, {
  probeId: z.string().min(1).max(200),
  target: z.string().max(500).nullable(),
  timeoutMs: z.number().int().min(100).max(30_000),
});

/** What the worker's own configuration says about the kinds without a target. */
export interface ProbePlaces {
  workerId: string;
  /** The model endpoint with its key, or null. */
  model: { baseUrl: string; apiKey: string | undefined } | null;
  /** The agent gateway's address, or null. */
  gatewayUrl: string | null;
}

export interface ProbeDeps {
  places: ProbePlaces;
  clock: Pick<Clock, "now">;
  fetch?: typeof fetch;
}

/** Does it. Never rejects: what went wrong is the result. */
export async function runProbe(order: ProbeOrder, deps: ProbeDeps): Promise<ProbeResult> {
  const startedAt = deps.clock.now();
  const outcome = await attempt(order, deps).catch((error: unknown) => failure(error, order.timeoutMs));
  const { workerId } = deps.places;
  const message = outcome.ok
    ? `${outcome.what}, from the network of worker ${workerId}`
    : `${outcome.what}. This is the network of worker ${workerId}, not the control plane's: check there`;
  const { ok, code, httpStatus } = outcome;
  const latencyMs = Math.max(0, deps.clock.now() - startedAt);
  return { ok, code, message, latencyMs, ...(httpStatus === undefined ? {} : { httpStatus }) };
}

interface Outcome {
  ok: boolean;
  code: string;
  what: string;
  httpStatus?: number;
}

async function attempt(order: ProbeOrder, deps: ProbeDeps): Promise<Outcome> {
  const { kind, target, timeoutMs } = order;
  const problem = probeTargetProblem(kind, target);
  if (problem !== null) return { ok: false, code: "invalid", what: problem };
  const { model, gatewayUrl } = deps.places;
  switch (kind) {
    case "host":
      return await reachHost(target ?? "", timeoutMs);
    case "url":
      return await get(deps, target ?? "", {}, timeoutMs);
    case "gateway":
      return gatewayUrl === null
        ? notConfigured("this worker's engine has no gateway")
        : await reachHost(authorityOf(gatewayUrl), timeoutMs);
    case "model": {
      if (model === null) return notConfigured("this worker's engine has no model endpoint of its own");
      // The key goes to the endpoint of this worker's configuration, and to no address that came with an order.
      const headers = model.apiKey === undefined ? undefined : { authorization: `Bearer ${model.apiKey}` };
      const outcome = await get(deps, `${model.baseUrl}/models`, headers ?? {}, timeoutMs);
      const denied = outcome.httpStatus === 401 || outcome.httpStatus === 403;
      return denied
        ? { ...outcome, ok: false, code: "denied", what: `${outcome.what}: the key is refused` }
        : outcome;
    }
  }
}

const notConfigured = (what: string): Outcome => ({ ok: false, code: "not_configured", what });

function reachHost(target: string, timeoutMs: number): Promise<Outcome> {
  const { host, port } = hostAndPort(target) ?? { host: "", port: 0 };
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => end(failure(new DOMException("", "TimeoutError"), timeoutMs)), timeoutMs);
    socket.once("connect", () => end({ ok: true, code: "reached", what: `${target} accepts connections` }));
    socket.once("error", (error) => end(failure(error, timeoutMs)));
  });
}

async function get(
  deps: ProbeDeps,
  url: string,
  headers: Record<string, string>,
  timeoutMs: number,
): Promise<Outcome> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await (deps.fetch ?? fetch)(url, { headers, redirect: "manual", signal });
  await response.body?.cancel();
  const { status } = response;
  // Any answer shows that it was reached; a server's own failure is worth a look all the same.
  const ok = status < 500;
  return { ok, code: ok ? "reached" : "http", what: `it answered HTTP ${status}`, httpStatus: status };
}

/** The host and port of an address, with the default port of its kind. */
function authorityOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  const standard = protocol === "wss:" || protocol === "https:" ? "443" : "80";
  return `${hostname}:${port === "" ? standard : port}`;
}

/** The message of an error could hold an address that resolved inside. */
function failure(error: unknown, timeoutMs: number): Outcome {
  const { kind: code, what: system } = failureOf(error);
  const what =
    code === "timeout" ? `no answer within ${timeoutMs} ms` : `it could not be reached (${system})`;
  return { ok: false, code, what };
}
