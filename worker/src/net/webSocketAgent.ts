/** WebSockets through an HTTP proxy: an agent for the `ws` package. A WebSocket needs a tunnel, without TLS as well. */
import { Agent as HttpAgent, type ClientRequestArgs } from "node:http";
import type { Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { openTunnel } from "./proxy.js";

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
