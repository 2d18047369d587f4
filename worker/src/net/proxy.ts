/** An HTTP proxy, whatever speaks through it: its credentials, its tunnels (CONNECT, RFC 9110 §9.3.6), its refusals. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";

/** Longest wait for the proxy to open a tunnel, in ms. */
const TUNNEL_TIMEOUT_MS = 20_000;

/** All of them come before a byte of the request has left for its target. */
export type ProxyErrorCode = "PROXY_UNREACHABLE" | "PROXY_AUTHENTICATION_REQUIRED" | "PROXY_REFUSED";

/** `message` names no credentials. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  constructor(
    readonly code: ProxyErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const authenticationRequired = (): ProxyError =>
  new ProxyError(
    "PROXY_AUTHENTICATION_REQUIRED",
    "the proxy wants another user and password than its variable holds (HTTP 407)",
  );

export function unreachable(error: unknown): ProxyError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "connection failed";
  return new ProxyError("PROXY_UNREACHABLE", `the proxy could not be reached (${code})`, { cause: error });
}

/** What the proxy's URL holds, decoded; a percent sign that encodes nothing stands for itself. */
export function credentialsOf({ username, password }: URL): { user: string; password: string } {
  return { user: decoded(username), password: decoded(password) };
}
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The header by which the proxy knows this worker; empty without credentials. */
export function authorizationFor(proxy: URL): Record<string, string> {
  const { user, password } = credentialsOf(proxy);
  if (user === "" && password === "") return {};
  return { "proxy-authorization": `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

/** A connection to `host` through the proxy. Rejects with a {@link ProxyError}. */
export function openTunnel(proxyUrl: string, host: string, port: number): Promise<Socket> {
  const proxy = new URL(proxyUrl);
  const bareHost = host.replace(/^\[|\]$/g, "");
  const authority = `${bareHost.includes(":") ? `[${bareHost}]` : bareHost}:${port}`;
  const request = (proxy.protocol === "https:" ? httpsRequest : httpRequest)({
    host: proxy.hostname.replace(/^\[|\]$/g, ""),
    port: proxy.port === "" ? (proxy.protocol === "https:" ? 443 : 80) : Number(proxy.port),
    method: "CONNECT",
    path: authority,
    headers: { host: authority, ...authorizationFor(proxy) },
    timeout: TUNNEL_TIMEOUT_MS,
    agent: false,
  });
  const refusal = (status = 0): ProxyError =>
    status === 407
      ? authenticationRequired()
      : new ProxyError("PROXY_REFUSED", `the proxy refused the tunnel to ${authority} (HTTP ${status})`);
  return new Promise((resolve, reject) => {
    request.once("connect", ({ statusCode = 0 }, socket: Socket) => {
      // Any 2xx opens a tunnel (RFC 9110 §9.3.6).
      if (statusCode >= 200 && statusCode < 300) return resolve(socket);
      socket.destroy();
      reject(refusal(statusCode));
    });
    request.once("response", (response) => {
      response.destroy();
      reject(refusal(response.statusCode));
    });
    request.once("timeout", () => request.destroy(Object.assign(new Error(), { code: "ETIMEDOUT" })));
    request.once("error", (error) => reject(unreachable(error)));
    request.end();
  });
}
