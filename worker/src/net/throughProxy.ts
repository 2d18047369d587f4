/**
 * How `fetch` takes a proxy, as proxies want it: TLS goes through a tunnel, plain HTTP is asked for by its absolute address
 * (RFC 9112 §3.2.2), as proxies open tunnels to port 443 only unless told otherwise.
 */
import { Agent, buildConnector, DecoratorHandler, Dispatcher } from "undici";
import type { ConnectionOptions } from "node:tls";
import { authenticationRequired, authorizationFor, openTunnel, unreachable } from "./proxy.js";

/** For https: a tunnel each connection, and TLS with the target inside of it. */
export function tunnelled(proxy: string, tls: Pick<ConnectionOptions, "cert" | "key">): Dispatcher {
  const secure = buildConnector({ ...tls });
  return new Agent({
    connect(target, done) {
      openTunnel(proxy, target.hostname, Number(target.port) || 443).then(
        (httpSocket) => secure({ ...target, httpSocket }, done),
        (error: Error) => done(error, null),
      );
    },
  });
}

/** For http: every request is sent to the proxy itself. */
export class Forwarded extends Dispatcher {
  private readonly proxy: URL;
  private readonly agent: Agent;

  constructor(proxy: string) {
    super();
    this.proxy = new URL(proxy);
    const connect = buildConnector({});
    this.agent = new Agent({
      connect: (target, done) =>
        connect(target, (...[error, socket]) =>
          error === null ? done(null, socket) : done(unreachable(error), null),
        ),
    });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandlers): boolean {
    const target = new URL(String(options.origin));
    const headers = { ...asRecord(options.headers), host: target.host, ...authorizationFor(this.proxy) };
    const path = target.origin + options.path;
    return this.agent.dispatch(
      { ...options, origin: this.proxy.origin, path, headers },
      new RefusalHandler(handler),
    );
  }

  override close(): Promise<void> {
    return this.agent.close();
  }
  override destroy(): Promise<void> {
    return this.agent.destroy();
  }
}

/** A 407 is the proxy's, whoever was asked for: an error, not an answer. What throws here ends the request. */
class RefusalHandler extends DecoratorHandler {
  constructor(private readonly inner: Dispatcher.DispatchHandlers) {
    super(inner);
  }
  onHeaders(...args: Parameters<NonNullable<Dispatcher.DispatchHandlers["onHeaders"]>>): boolean {
    if (args[0] === 407) throw authenticationRequired();
    return this.inner.onHeaders?.(...args) ?? true;
  }
}

/** undici takes an object, pairs, or names and values in turn. */
function asRecord(
  headers: Dispatcher.DispatchOptions["headers"],
): Record<string, string | string[] | undefined> {
  if (headers === null || headers === undefined) return {};
  if (Array.isArray(headers))
    return Object.fromEntries(
      headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : [])),
    );
  return Symbol.iterator in headers ? Object.fromEntries(headers as Iterable<[string, string]>) : headers;
}
