/** The worker gateway over HTTP: one POST per call, JSON both ways, the token only in the Authorization header. */
import type { z } from "zod";
import { gatewayPath, type GatewayOperation } from "../../contract/gateway.js";
import { TransportError, type Transport } from "./transport.js";
import { claimReply, controlReply, envelope, renewReply, settleReply } from "./wire.js";

export interface GatewayOptions {
  /** Site origin and path prefix without a trailing slash. */
  baseUrl: string;
  token: string;
  workerId: string;
  /** Takes the tenant's route; absent = the instance-wide one. */
  workspaceId?: string;
  /** Longest wait for one complete answer. */
  timeoutMs: number;
  fetch?: typeof fetch;
}

/** Builds the transport of a worker that speaks to a deployment's worker gateway. */
export function createGatewayTransport(options: GatewayOptions): Transport {
  const { workerId, workspaceId: workspace } = options;

  async function call<T>(
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
    claim: (signal) => call("claim", { workerId, hydrate: true }, claimReply, signal),
    settle: (held, request, signal) =>
      call("settle", { workerId, ...pick(held), ...request }, settleReply, signal),
    heartbeat: (held, signal) => call("heartbeat", { workerId, ...pick(held) }, renewReply, signal),
    controlState: (signal) => call("control_state", { workerId }, controlReply, signal),
  };
}

/** A job may be passed as `held`; only the two names belong into a request. */
const pick = (held: { messageId: string; leaseId: string }): { messageId: string; leaseId: string } => ({
  messageId: held.messageId,
  leaseId: held.leaseId,
});

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
      body: JSON.stringify(args),
      // A redirect would carry the token elsewhere, or turn the POST into a GET.
      redirect: "manual",
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const text = await response.text();
    return { status: response.status, body: parseJson(text) };
  } catch (error) {
    if (signal?.aborted) throw new TransportError("aborted", `${operation}: aborted`, false);
    if (timeout.aborted)
      throw new TransportError("timeout", `${operation}: no answer within ${options.timeoutMs} ms`, true);
    throw new TransportError("network", `${operation}: ${networkReason(error)}`, true);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The system's code (`ECONNREFUSED`, `UND_ERR_SOCKET`); fetch's own message says only "fetch failed". */
function networkReason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string")
    return cause.code;
  return "connection failed";
}
