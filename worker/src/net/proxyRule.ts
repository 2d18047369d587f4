/** Which proxy a call takes. One rule for HTTP and WebSocket; pure. */
import { BlockList, isIP } from "node:net";

export interface ProxySettings {
  HTTPS_PROXY?: string | undefined;
  HTTP_PROXY?: string | undefined;
  NO_PROXY?: string | undefined;
}

/** The proxy's URL for a call to `url`, or null for a direct connection. `url` is http, https, ws or wss. */
export function proxyFor(url: URL, settings: ProxySettings): string | null {
  const secure = url.protocol === "https:" || url.protocol === "wss:";
  const proxy = secure ? settings.HTTPS_PROXY : settings.HTTP_PROXY;
  if (proxy === undefined) return null;
  const host = bare(url.hostname);
  // A proxy's own loopback is not this machine: an engine beside the worker is always called directly.
  if (isLoopback(host)) return null;
  const port = url.port === "" ? (secure ? "443" : "80") : url.port;
  return isExcepted(host, port, settings.NO_PROXY ?? "") ? null : proxy;
}

/** Lower case, without the brackets of IPv6 and a final dot. */
const bare = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");

const isLoopback = (host: string): boolean =>
  host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);

const isExcepted = (host: string, port: string, list: string): boolean =>
  list
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => covers(entry, host, port));

/**
 * A name also stands for its subdomains; a leading `.` or `*.` makes no difference, as in most programs. An address may be a
 * network (`10.0.0.0/8`, `fd00::/8`); it is compared as a number, as IPv6 is written in many ways. Names are not resolved.
 */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const [, name = "", prefix, wantedPort] =
    /^(\[[^\]]*\]|[^:/]*|[^/]*:[^/]*:[^/]*?)(?:\/(\d{1,3}))?(?::(\d+))?$/.exec(entry) ?? [];
  const wanted = bare(name).replace(/^\*?\./, "");
  if (wanted === "" || (wantedPort !== undefined && wantedPort !== port)) return false;
  const family = isIP(wanted);
  if (family !== 0) return isIP(host) !== 0 && holds(wanted, family, Number(prefix ?? bits(family)), host);
  return prefix === undefined && (host === wanted || host.endsWith(`.${wanted}`));
}

const bits = (family: number): number => (family === 4 ? 32 : 128);
const familyName = (family: number): "ipv4" | "ipv6" => (family === 4 ? "ipv4" : "ipv6");

function holds(network: string, family: number, prefix: number, host: string): boolean {
  if (prefix > bits(family)) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, familyName(family));
  return list.check(host, familyName(isIP(host)));
}
