/** Hears what a TLS server says against a connection before anything is asked. */
import { connect, isIP } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { openTunnel } from "./proxy.js";

/** A server that has something against us says so in its first answer, in ms. */
const LONGEST_MS = 5_000;
const AFTER_HANDSHAKE_MS = 500;

/** The error of the connection; null: the server has nothing against it, or says nothing. Never rejects. */
export async function listenToTls(
  url: URL,
  proxy: string | null,
  tls: Pick<ConnectionOptions, "cert" | "key">,
): Promise<Error | null> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? 443 : Number(url.port);
  try {
    const raw = proxy === null ? connect({ host, port }) : await openTunnel(proxy, host, port);
    return await new Promise((resolve) => {
      const socket = connectTls({
        ...tls,
        socket: raw,
        ...(isIP(host) === 0 ? { servername: host } : { host }),
      });
      const end = (error: Error | null): void => {
        clearTimeout(timer);
        raw.destroy();
        socket.destroy();
        resolve(error);
      };
      let timer = setTimeout(end, LONGEST_MS, null);
      raw.once("error", end);
      socket.on("error", end);
      socket.once("secureConnect", () => {
        clearTimeout(timer);
        timer = setTimeout(end, AFTER_HANDSHAKE_MS, null);
      });
      socket.resume();
    });
  } catch (error) {
    return error instanceof Error ? error : null;
  }
}
