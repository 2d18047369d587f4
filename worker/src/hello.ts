/**
 * The first call: says who this worker is and proves address, credential and clock before anything else starts. It waits
 * through an outage; what only a person can mend ends the start.
 */
import { hostname } from "node:os";
import type { ObjectType } from "convex/values";
import type { Logger } from "pino";
import type { workerHello } from "../../src/contract/workers.js";
import { cutText } from "../../src/policy/text/cut.js";
import { backoffMs, equalJitter } from "../../src/policy/retry/backoff.js";
import type { Clock } from "./clock.js";
import { WorkerFault, faults, type FaultCode } from "./faults.js";
import { failureOf, type FailureKind } from "./net/failure.js";
import type { ConnectionStatus } from "./status.js";
import { TransportError, type TransportErrorCode } from "./transport/transport.js";

/** What the component keeps about a worker for its operators. */
export type Introduction = Omit<ObjectType<typeof workerHello.args>, "workerId" | "workerToken" | "instance">;

export interface HelloTransport {
  /** The reply means nothing to the worker but that it was let in. */
  hello: (said: Introduction, signal?: AbortSignal) => Promise<unknown>;
}

export interface HelloDeps extends HelloTransport {
  connection: ConnectionStatus;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
  /** What the server says against a connection whose end has no reason; null: nothing. */
  whatTlsSays?: () => Promise<Error | null>;
  /** Appended to a refusal: a wrong clock explains many. */
  warnings(): string[];
}

const backoff = equalJitter(500, 30_000);
/** Longest host name that is sent, in UTF-16 units. */
const HOST_UNITS = 253;

/** The host name of this machine, as it calls itself. */
export const ownHost = (): string => cutText(hostname(), HOST_UNITS);

/** Resolves once the component has accepted the credential, or when `signal` aborts. Rejects with a {@link WorkerFault}. */
export async function sayHello(deps: HelloDeps, said: Introduction): Promise<void> {
  for (let failures = 1; !deps.signal.aborted; failures += 1) {
    try {
      await deps.hello(said, deps.signal);
      deps.log.info({ detail: "control plane authenticated" }, "worker.authenticated");
      return;
    } catch (error) {
      if (deps.signal.aborted) return;
      if (!(error instanceof TransportError)) throw error;
      // An older component: it has no such call, and the first claim says the same.
      if (error.code === "operation_unknown") return;
      const failed = await explained(error, deps);
      const code = faultOf(failed);
      if (code !== null && faults[code].exitCode !== null)
        throw new WorkerFault(code, [failed.message, ...deps.warnings()].join("; "));
      deps.connection.failed(error.code);
      const waitMs = backoffMs(failures, backoff, deps.clock.random());
      const { message, fix } = faults[code ?? "url_unreachable"];
      const told = { code: code ?? error.code, message, detail: failed.message, fix, waitMs };
      deps.log.warn(told, "worker.controlPlaneUnreachable");
      await deps.clock.sleep(waitMs, deps.signal);
    }
  }
}

/** The same error, with the reason that `fetch` did not hear. */
async function explained(error: TransportError, { whatTlsSays }: HelloDeps): Promise<TransportError> {
  if (error.code !== "network" || failureOf(error.cause).kind !== "unreachable") return error;
  const cause = (await whatTlsSays?.()) ?? null;
  if (cause === null || failureOf(cause).kind === "unreachable") return error;
  return new TransportError(error.code, `hello: ${failureOf(cause).what}`, error.retryable, null, { cause });
}

/** How long the farewell may take, in ms. */
const FAREWELL_MS = 2_000;

/** The last call, when everything is saved. Nobody waits for it: without it, the id is free when this process counts as lost. */
export async function sayGoodbye({ hello }: HelloTransport, said: Introduction): Promise<void> {
  await hello({ ...said, leaving: true }, AbortSignal.timeout(FAREWELL_MS)).catch(() => undefined);
}

const refusals: Partial<Record<TransportErrorCode, FaultCode>> = {
  worker_token_required: "token_refused",
  worker_token_invalid: "token_refused",
  worker_token_expired: "token_expired",
  worker_token_revoked: "token_revoked",
  worker_mismatch: "token_scope",
  worker_id_taken: "worker_id_taken",
  worker_id_in_use: "worker_id_in_use",
  workspace_mismatch: "token_scope",
  lane_not_allowed: "token_scope",
};

/** The fault behind a failed call; null for what is neither an operator's mistake nor the network's. */
export function faultOf(error: TransportError): FaultCode | null {
  const refused = refusals[error.code];
  if (refused !== undefined) return refused;
  if (error.code === "unexpected_reply") return error.retryable ? "url_unreachable" : "url_wrong";
  if (error.code === "timeout") return "url_unreachable";
  if (error.code !== "network") return null;
  return failures[failureOf(error.cause).kind] ?? "url_unreachable";
}

const failures: Partial<Record<FailureKind, FaultCode>> = {
  tls: "tls_failed",
  client_certificate: "client_certificate_wanted",
  proxy: "proxy_refused",
};

/** The fault that ended a running worker whose credential was refused with `code`. */
export const faultOfRefusal = (code: TransportErrorCode): FaultCode => refusals[code] ?? "token_refused";
