/**
 * The process's way out: the proxy that the environment names, and the client certificate for the control plane. Every `fetch`
 * of the process takes it, whoever calls; WebSockets ask for an agent.
 */
import type { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { Agent, Dispatcher, getGlobalDispatcher, setGlobalDispatcher } from "undici";
import { pemOf } from "../envShapes.js";
import { proxyFor, type ProxySettings } from "./proxyRule.js";
import { listenToTls } from "./listenToTls.js";
import { Forwarded, tunnelled } from "./throughProxy.js";
import { TunnelAgent } from "./webSocketAgent.js";

export interface NetworkSettings extends ProxySettings {
  BASE_INTERNAL_URL: string;
  /** base64 PEM; both or neither. */
  CLIENT_TLS_CERT?: string | undefined;
  CLIENT_TLS_KEY?: string | undefined;
}

interface ClientTls {
  cert: string;
  key: string;
}

export interface Network {
  /** The agent for a WebSocket to `url` (ws or wss); undefined: a plain connection. */
  webSocketAgent: (url: string) => HttpAgent | undefined;
  /**
   * Opens one TLS connection to the control plane and sends nothing: what the server says against it (its alert about a
   * client certificate, in TLS 1.3), or null. `fetch` sees only that the other side closed.
   */
  whatTlsSays: () => Promise<Error | null>;
  /** Gives the process's own dispatcher back and closes the connections. */
  close(): Promise<void>;
}

/** Installs the way out for this process. Without a proxy and a certificate it changes nothing. */
export function openNetwork(settings: NetworkSettings): Network {
  const clientTls = clientTlsOf(settings);
  const controlPlane = new URL(settings.BASE_INTERNAL_URL).host;
  // Only the control plane gets the certificate: it names this site, which is nobody else's business.
  const tlsFor = (url: URL): ClientTls | undefined => (url.host === controlPlane ? clientTls : undefined);
  const installed = isNeeded(settings) ? new Router(settings, tlsFor) : null;
  const before = getGlobalDispatcher();
  if (installed !== null) setGlobalDispatcher(installed);
  return {
    webSocketAgent(address) {
      const url = new URL(address);
      const proxy = proxyFor(url, settings);
      const secure = url.protocol === "wss:";
      const certificate = secure ? tlsFor(url) : undefined;
      if (proxy !== null) return new TunnelAgent({ proxy, tls: secure ? (certificate ?? {}) : undefined });
      return certificate === undefined ? undefined : new HttpsAgent(certificate);
    },
    async whatTlsSays() {
      const url = new URL(settings.BASE_INTERNAL_URL);
      if (url.protocol !== "https:") return null;
      return await listenToTls(url, proxyFor(url, settings), clientTls ?? {});
    },
    async close() {
      if (installed === null) return;
      setGlobalDispatcher(before);
      await installed.destroy();
    },
  };
}

const isNeeded = (settings: NetworkSettings): boolean =>
  settings.HTTP_PROXY !== undefined ||
  settings.HTTPS_PROXY !== undefined ||
  settings.CLIENT_TLS_CERT !== undefined;

function clientTlsOf({ CLIENT_TLS_CERT, CLIENT_TLS_KEY }: NetworkSettings): ClientTls | undefined {
  const cert = CLIENT_TLS_CERT === undefined ? null : pemOf(CLIENT_TLS_CERT);
  const key = CLIENT_TLS_KEY === undefined ? null : pemOf(CLIENT_TLS_KEY);
  return cert === null || key === null ? undefined : { cert, key };
}

/** Chooses the way per origin; each way keeps its own connections. */
class Router extends Dispatcher {
  private readonly ways = new Map<string, Dispatcher>();

  constructor(
    private readonly settings: NetworkSettings,
    private readonly tlsFor: (url: URL) => ClientTls | undefined,
  ) {
    super();
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandlers): boolean {
    const url = new URL(String(options.origin));
    const proxy = proxyFor(url, this.settings);
    const tls = this.tlsFor(url);
    const name = `${url.protocol} ${proxy ?? "direct"} ${tls === undefined ? "" : "certificate"}`;
    const way = this.ways.get(name) ?? wayTo(url, proxy, tls);
    this.ways.set(name, way);
    return way.dispatch(options, handler);
  }

  override async close(): Promise<void> {
    await Promise.all([...this.ways.values()].map((way) => way.close()));
  }
  override async destroy(): Promise<void> {
    await Promise.all([...this.ways.values()].map((way) => way.destroy()));
  }
}

function wayTo(url: URL, proxy: string | null, tls: ClientTls | undefined): Dispatcher {
  if (proxy === null) return new Agent(tls === undefined ? {} : { connect: tls });
  return url.protocol === "https:" ? tunnelled(proxy, tls ?? {}) : new Forwarded(proxy);
}
