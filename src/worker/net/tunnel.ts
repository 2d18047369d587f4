/** WebSockets through an HTTP proxy: an agent for the `ws` package that opens a CONNECT tunnel (RFC 9110 §9.3.6). */
import { Agent as HttpAgent, request as httpRequest, type ClientRequestArgs } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/** Longest wait for the proxy to open the tunnel, in ms. */
const connectTimeoutMs = 20_000;

export interface TunnelOptions {
  proxy: string;
  /** The target speaks TLS; `undefined` for ws. */
  tls: Pick<ConnectionOptions, "cert" | "key"> | undefined;
}

/** One tunnel per connection. */
export class TunnelAgent extends HttpAgent {
  constructor(private readonly options: TunnelOptions) {
    super({ keepAlive: false });
    // Node refuses an agent whose protocol is not the request's; `https.Agent` sets the same two fields.
    if (options.tls !== undefined) Object.assign(this, { protocol: "https:", defaultPort: 443 });
  }

  /** Node calls this for each new connection; with a callback it waits for the socket. */
  override createConnection(
    target: ClientRequestArgs,
    callback?: (error: Error | null, socket: Socket) => void,
  ): undefined {
    const host = target.host ?? target.hostname ?? "localhost";
    const port = Number(target.port ?? (this.options.tls === undefined ? 80 : 443));
    const done = callback as ((error: Error | null, socket?: Socket) => void) | undefined;
    openTunnel(this.options.proxy, host, port).then(
      (socket) => {
        if (this.options.tls === undefined) return done?.(null, socket);
        const secure = connectTls({
          ...this.options.tls,
          socket,
          servername: host,
          ALPNProtocols: ["http/1.1"],
        });
        done?.(null, secure);
      },
      (error: Error) => done?.(error),
    );
    return undefined;
  }
}

/** Rejects with what the proxy said; never names its credentials. */
function openTunnel(proxyUrl: string, host: string, port: number): Promise<Socket> {
  const proxy = new URL(proxyUrl);
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const request = (proxy.protocol === "https:" ? httpsRequest : httpRequest)({
    host: proxy.hostname.replace(/^\[|\]$/g, ""),
    port: proxy.port === "" ? (proxy.protocol === "https:" ? 443 : 80) : Number(proxy.port),
    method: "CONNECT",
    path: authority,
    headers: {
      host: authority,
      ...(credentials === ":"
        ? {}
        : { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` }),
    },
    timeout: connectTimeoutMs,
    agent: false,
  });
  return new Promise((resolve, reject) => {
    request.once("connect", (response, socket: Socket) => {
      if (response.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy refused the tunnel to ${authority} (HTTP ${response.statusCode ?? 0})`));
    });
    request.once("response", (response) => {
      response.destroy();
      reject(new Error(`the proxy refused the tunnel to ${authority} (HTTP ${response.statusCode ?? 0})`));
    });
    request.once("timeout", () => request.destroy(new Error("the proxy did not answer")));
    request.once("error", reject);
    request.end();
  });
}
