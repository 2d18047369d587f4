/** Which proxy a call takes. One rule for HTTP and WebSocket; pure. */

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

/** A name also stands for its subdomains; a leading `.` or `*.` makes no difference, as in most programs. */
function isExcepted(host: string, port: string, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      const [, name = "", wantedPort] = /^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
      const wanted = bare(name).replace(/^\*?\./, "");
      if (wanted === "" || (wantedPort !== undefined && wantedPort !== port)) return false;
      return host === wanted || host.endsWith(`.${wanted}`);
    });
}
